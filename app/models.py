"""Every table in one import, so that metadata is whole wherever it is asked for."""

from __future__ import annotations

import app.accounts.models
import app.audit
import app.documents.models
import app.jobs.models
import app.publication.models
import app.responses.models
import app.results.models
import app.review.models
import app.storage
import app.verification.models
import evaluation.models
import onboarding.models

metadata = evaluation.models.Base.metadata

__all__ = ["app", "evaluation", "metadata", "onboarding"]
