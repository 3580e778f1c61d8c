"""From the notice of selection to the go-live: working days, requirements, acceptance."""
