"""Documents that leave the system: typeset, stored with their digest, never changed.

Issue functions, importable from here (`from app.documents import issue_review_report`). Each takes the
row it is about and the keyword `actor`, joins the caller's unit of work or makes its own, stores a PDF
and returns its `Document` row; it raises Refusal `document_not_ready` where the facts aren't there yet:

- `issue_notice(recruitment)`, `issue_plan_pdf(recruitment)`, `issue_opening_record(recruitment)`,
  `issue_amendment(amendment)`
- `issue_qualification_form(candidate, names=None)`, `issue_score_sheet(seat, names=None)`,
  `issue_score_summary(review, names=None)`, `issue_review_report(review, names=None)`
- `issue_result_notice(recruitment)`, `issue_selection_notice(notice)`, `issue_fees_list(recruitment)`
- `issue_acceptance_report(integration)`
- `issue_score_matrix(review)`, `issue_response_register(recruitment)` (workbooks)

`names` is "pseudonym" or "real"; None means real names once the results are published, before that the
seats' pseudonyms. `order_document(kind, subject, actor=…)` does the same in the background and returns
the job (page: `jobs.status`). Receipts are issued by `app.responses`.
"""

from __future__ import annotations

import importlib
from typing import Any

_ROOMS = {
    "issue_pdf": "issue",
    "issue_file": "issue",
    "issue_notice": "publication",
    "issue_plan_pdf": "publication",
    "issue_opening_record": "publication",
    "issue_amendment": "publication",
    "issue_qualification_form": "qualification",
    "issue_score_sheet": "scores",
    "issue_score_summary": "scores",
    "issue_score_matrix": "workbooks",
    "issue_response_register": "workbooks",
    "issue_review_report": "report",
    "issue_result_notice": "results",
    "issue_selection_notice": "results",
    "issue_fees_list": "results",
    "issue_acceptance_report": "acceptance",
    "order_document": "catalogue",
}


def __getattr__(name: str) -> Any:
    # Resolved at the first use: the rooms need the models of features that need this package's model.
    if name in _ROOMS:
        return getattr(importlib.import_module(f"{__name__}.{_ROOMS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
