"""initial tables

Revision ID: 0001
Revises:
Create Date: 2026-11-24 09:25:22.804130

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER event_no_update BEFORE UPDATE ON event "
        "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END",
        "CREATE TRIGGER event_no_delete BEFORE DELETE ON event "
        "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION event_is_append_only() RETURNS trigger AS $$ "
        "BEGIN RAISE EXCEPTION 'the event log is append-only'; END $$ LANGUAGE plpgsql",
        "CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event "
        "FOR EACH ROW EXECUTE FUNCTION event_is_append_only()",
    ),
}


def _append_only():
    # The log is evidence: the database itself refuses to change or delete an event.
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def upgrade():
    op.create_table(
        "job_executor",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_executor")),
    )
    with op.batch_alter_table("job_executor", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_executor_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "blob",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sm3", sa.String(length=64), nullable=False),
        sa.Column("scheme", sa.String(length=20), nullable=False),
        sa.Column("wrap", sa.JSON(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_blob")),
    )
    op.create_table(
        "event_head",
        sa.Column("scope", sa.String(length=24), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_event_head")),
    )
    op.create_table(
        "expert",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("employer", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("speciality", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("relations", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert")),
        sa.UniqueConstraint("code", name=op.f("uq_expert_code")),
        sa.UniqueConstraint("public_id", name=op.f("uq_expert_public_id")),
    )
    op.create_table(
        "login_attempt",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
    )
    with op.batch_alter_table("login_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_attempt_happened_at"), ["happened_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_login_attempt_login"), ["login"], unique=False)

    op.create_table(
        "organisation",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("legal_representative", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind <> 'vendor' OR credit_code IS NOT NULL", name=op.f("ck_organisation_vendor_has_code")
        ),
        sa.CheckConstraint(
            "kind IN ('organiser', 'supervision', 'platform', 'vendor')",
            name=op.f("ck_organisation_kind_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("credit_code", name=op.f("uq_organisation_credit_code")),
        sa.UniqueConstraint("public_id", name=op.f("uq_organisation_public_id")),
    )
    op.create_table(
        "programme",
        sa.Column("plan_digest", sa.String(length=64), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("promotion_start", sa.Date(), nullable=True),
        sa.Column("promotion_end", sa.Date(), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("public_id", name=op.f("uq_programme_public_id")),
    )
    op.create_table(
        "review",
        sa.Column("plan_digest", sa.String(length=64), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("few_candidates_decision", sa.Text(), nullable=True),
        sa.Column("report_digest", sa.String(length=64), nullable=True),
        sa.Column("report_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("secret", sa.String(length=24), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("seats >= 3", name=op.f("ck_review_seats_at_least_three")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("public_id", name=op.f("uq_review_public_id")),
    )
    op.create_table(
        "candidate",
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("ca_licence", sa.String(length=80), nullable=False),
        sa.Column("ca_name", sa.String(length=200), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("elimination", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("salt", sa.String(length=24), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('under_review', 'qualified', 'eliminated', 'selected', 'reserve', 'not_selected', 'accepted', 'withdrew', 'removed')",
            name=op.f("ck_candidate_stage_known"),
        ),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_candidate_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate")),
        sa.UniqueConstraint("public_id", name=op.f("uq_candidate_public_id")),
        sa.UniqueConstraint("review_id", "credit_code", name=op.f("uq_candidate_review_id_credit_code")),
        sa.UniqueConstraint("review_id", "number", name=op.f("uq_candidate_review_id_number")),
    )
    with op.batch_alter_table("candidate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_candidate_review_id"), ["review_id"], unique=False)

    op.create_table(
        "draw",
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hits", sa.JSON(), nullable=False),
        sa.Column("fixed", sa.JSON(), nullable=False),
        sa.Column("fixed_digest", sa.String(length=64), nullable=False),
        sa.Column("openings", sa.JSON(), nullable=False),
        sa.Column("commitments", sa.JSON(), nullable=False),
        sa.Column("reveals", sa.JSON(), nullable=False),
        sa.Column("public_name", sa.String(length=200), nullable=False),
        sa.Column("public_digits", sa.Integer(), nullable=False),
        sa.Column("public_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("public_value", sa.String(length=64), nullable=False),
        sa.Column("public_source", sa.String(length=500), nullable=False),
        sa.Column("public_by", sa.String(length=20), nullable=False),
        sa.Column("auto_invite", sa.Boolean(), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof", sa.JSON(), nullable=False),
        sa.Column("proof_digest", sa.String(length=64), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("abandoned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "mode IN ('first', 'supplement', 'anew')",
            name=op.f("ck_draw_mode_known"),
        ),
        sa.CheckConstraint(
            "stage <> 'drawn' OR proof_digest <> ''",
            name=op.f("ck_draw_drawn_has_proof"),
        ),
        sa.CheckConstraint(
            "stage IN ('prepared', 'fixed', 'committed', 'drawn', 'abandoned')",
            name=op.f("ck_draw_stage_known"),
        ),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_draw_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw")),
        sa.UniqueConstraint("public_id", name=op.f("uq_draw_public_id")),
        sa.UniqueConstraint("review_id", "number", name=op.f("uq_draw_review_id_number")),
    )
    with op.batch_alter_table("draw", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draw_review_id"), ["review_id"], unique=False)

    op.create_table(
        "integration",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("candidate_ref", sa.String(length=24), nullable=False),
        sa.Column("vendor_name", sa.String(length=200), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("event_on", sa.Date(), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("deadline_on", sa.Date(), nullable=False),
        sa.Column("calendar_version", sa.String(length=80), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("replaces_ref", sa.String(length=24), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('running', 'accepted', 'overdue', 'extended', 'suspended', 'removed')",
            name=op.f("ck_integration_stage_known"),
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_integration_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration")),
        sa.UniqueConstraint(
            "programme_id", "candidate_ref", name=op.f("uq_integration_programme_id_candidate_ref")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_integration_public_id")),
    )
    with op.batch_alter_table("integration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_integration_programme_id"), ["programme_id"], unique=False)

    op.create_table(
        "requirement",
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column("group_key", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("proof", sa.String(length=20), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_requirement_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requirement")),
        sa.UniqueConstraint("programme_id", "key", name=op.f("uq_requirement_programme_id_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_requirement_public_id")),
    )
    with op.batch_alter_table("requirement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_requirement_programme_id"), ["programme_id"], unique=False)

    op.create_table(
        "user_account",
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("session_token", sa.String(length=40), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("expert_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_user_account_expert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("expert_id", name=op.f("uq_user_account_expert_id")),
        sa.UniqueConstraint("login", name=op.f("uq_user_account_login")),
        sa.UniqueConstraint("public_id", name=op.f("uq_user_account_public_id")),
    )
    op.create_table(
        "ca_group",
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ca_licence", sa.String(length=80), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_text", sa.Text(), nullable=False),
        sa.Column("answer_blob", sa.String(length=64), nullable=True),
        sa.Column("answer_name", sa.String(length=255), nullable=False),
        sa.Column("decided_by", sa.String(length=20), nullable=True),
        sa.Column("chosen_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by IN ('ca_answer', 'ballot')",
            name=op.f("ck_ca_group_decided_by_known"),
        ),
        sa.CheckConstraint("stage IN ('open', 'closed')", name=op.f("ck_ca_group_stage_known")),
        sa.ForeignKeyConstraint(["chosen_id"], ["candidate.id"], name=op.f("fk_ca_group_chosen_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_ca_group_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ca_group")),
        sa.UniqueConstraint("public_id", name=op.f("uq_ca_group_public_id")),
        sa.UniqueConstraint("review_id", "ca_licence", name=op.f("uq_ca_group_review_id_ca_licence")),
    )
    with op.batch_alter_table("ca_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ca_group_review_id"), ["review_id"], unique=False)

    op.create_table(
        "certificate_request",
        sa.Column("integration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("csr", sa.LargeBinary(), nullable=False),
        sa.Column("refusal", sa.String(length=60), nullable=False),
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("requested_by", sa.String(length=24), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sign_certificate", sa.LargeBinary(), nullable=True),
        sa.Column("encryption_certificate", sa.LargeBinary(), nullable=True),
        sa.Column("sign_serial", sa.String(length=48), nullable=True),
        sa.Column("encryption_serial", sa.String(length=48), nullable=True),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("challenge", sa.LargeBinary(), nullable=True),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("verification", sa.JSON(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revocation_reason", sa.Integer(), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('refused', 'issued', 'verified', 'revoked')",
            name=op.f("ck_certificate_request_stage_known"),
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name=op.f("fk_certificate_request_integration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_request")),
        sa.UniqueConstraint("encryption_serial", name=op.f("uq_certificate_request_encryption_serial")),
        sa.UniqueConstraint("public_id", name=op.f("uq_certificate_request_public_id")),
        sa.UniqueConstraint("sign_serial", name=op.f("uq_certificate_request_sign_serial")),
    )
    with op.batch_alter_table("certificate_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_certificate_request_integration_id"), ["integration_id"], unique=False
        )
        batch_op.create_index(
            "uq_certificate_request_key_in_force",
            ["key_digest"],
            unique=True,
            sqlite_where=sa.text("stage IN ('issued', 'verified')"),
            postgresql_where=sa.text("stage IN ('issued', 'verified')"),
        )

    op.create_table(
        "deadline_change",
        sa.Column("integration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=24), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=24), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=False),
        sa.Column("old_deadline_on", sa.Date(), nullable=False),
        sa.Column("new_deadline_on", sa.Date(), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('extension', 'given_back')", name=op.f("ck_deadline_change_kind_known")),
        sa.CheckConstraint(
            "stage IN ('asked', 'consented', 'refused')", name=op.f("ck_deadline_change_stage_known")
        ),
        sa.CheckConstraint("days > 0", name=op.f("ck_deadline_change_days_positive")),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name=op.f("fk_deadline_change_integration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_change")),
        sa.UniqueConstraint("public_id", name=op.f("uq_deadline_change_public_id")),
    )
    with op.batch_alter_table("deadline_change", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_deadline_change_integration_id"), ["integration_id"], unique=False
        )

    op.create_table(
        "dispute",
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("candidate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("yes", sa.Integer(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("stage IN ('open', 'closed')", name=op.f("ck_dispute_stage_known")),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidate.id"], name=op.f("fk_dispute_candidate_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_dispute_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("candidate_id", "item", name=op.f("uq_dispute_candidate_id_item")),
        sa.UniqueConstraint("public_id", name=op.f("uq_dispute_public_id")),
    )
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dispute_candidate_id"), ["candidate_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_dispute_review_id"), ["review_id"], unique=False)

    op.create_table(
        "duty_record",
        sa.Column("integration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("side", sa.String(length=20), nullable=False),
        sa.Column("recorded_by", sa.String(length=24), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wants_answer", sa.Boolean(), nullable=False),
        sa.Column("entity", sa.JSON(), nullable=False),
        sa.Column("blob_key", sa.String(length=64), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answered_by", sa.String(length=24), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("side IN ('vendor', 'platform')", name=op.f("ck_duty_record_side_known")),
        sa.CheckConstraint(
            "(answered_on IS NULL) = (answered_by IS NULL)", name=op.f("ck_duty_record_answer_has_author")
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name=op.f("fk_duty_record_integration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_record")),
        sa.UniqueConstraint("public_id", name=op.f("uq_duty_record_public_id")),
    )
    with op.batch_alter_table("duty_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duty_record_integration_id"), ["integration_id"], unique=False)

    op.create_table(
        "organisation_member",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_agent", sa.Boolean(), nullable=False),
        sa.Column("can_manage", sa.Boolean(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_organisation_member_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_organisation_member_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_member")),
        sa.UniqueConstraint(
            "organisation_id", "user_id", name=op.f("uq_organisation_member_organisation_id_user_id")
        ),
    )
    with op.batch_alter_table("organisation_member", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_organisation_member_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_organisation_member_user_id"), ["user_id"], unique=False)

    op.create_table(
        "panel_seat",
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("draw_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expert_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("seat_no", sa.Integer(), nullable=True),
        sa.Column("pseudonym", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("is_chair", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("replaces_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("vacated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('drawn', 'invited', 'accepted', 'active', 'declined', 'excluded', 'replaced')",
            name=op.f("ck_panel_seat_stage_known"),
        ),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_panel_seat_draw_id")),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_panel_seat_expert_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["panel_seat.id"], name=op.f("fk_panel_seat_replaces_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_panel_seat_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_seat")),
        sa.UniqueConstraint("draw_id", "expert_id", name=op.f("uq_panel_seat_draw_id_expert_id")),
        sa.UniqueConstraint("draw_id", "position", name=op.f("uq_panel_seat_draw_id_position")),
        sa.UniqueConstraint("public_id", name=op.f("uq_panel_seat_public_id")),
        sa.UniqueConstraint("review_id", "seat_no", name=op.f("uq_panel_seat_review_id_seat_no")),
    )
    with op.batch_alter_table("panel_seat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_panel_seat_expert_id"), ["expert_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_panel_seat_review_id"), ["review_id"], unique=False)

    op.create_table(
        "seat_key",
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("serial", sa.String(length=48), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failed_tries", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revocation_reason", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("renewal_allowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewal_allowed_by", sa.String(length=24), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.CheckConstraint("revoked_at IS NULL OR reason <> ''", name=op.f("ck_seat_key_revoked_has_reason")),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_seat_key_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_seat_key_public_id")),
        sa.UniqueConstraint("seat_id", "number", name=op.f("uq_seat_key_seat_id_number")),
        sa.UniqueConstraint("serial", name=op.f("uq_seat_key_serial")),
    )
    with op.batch_alter_table("seat_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seat_key_seat_id"), ["seat_id"], unique=False)

    op.create_table(
        "seat_key_opening",
        sa.Column("key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sealed", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["seat_key.id"], name=op.f("fk_seat_key_opening_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_key_opening")),
        sa.UniqueConstraint("public_id", name=op.f("uq_seat_key_opening_public_id")),
    )
    with op.batch_alter_table("seat_key_opening", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seat_key_opening_key_id"), ["key_id"], unique=False)

    op.create_table(
        "sheet_version",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("seat_key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("payload_digest", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_sheet_version_seat_id")),
        sa.ForeignKeyConstraint(["seat_key_id"], ["seat_key.id"], name=op.f("fk_sheet_version_seat_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_version")),
        sa.UniqueConstraint(
            "kind", "subject_id", "number", name=op.f("uq_sheet_version_kind_subject_id_number")
        ),
    )
    with op.batch_alter_table("sheet_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sheet_version_seat_id"), ["seat_id"], unique=False)

    op.create_table(
        "rank_entry",
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("candidate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("objective_total", sa.BigInteger(), nullable=False),
        sa.Column("tie_steps", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidate.id"], name=op.f("fk_rank_entry_candidate_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_rank_entry_review_id")),
        sa.PrimaryKeyConstraint("review_id", "candidate_id", name=op.f("pk_rank_entry")),
        sa.UniqueConstraint("review_id", "rank", name=op.f("uq_rank_entry_review_id_rank")),
    )
    op.create_table(
        "recruitment",
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("stage_before", sa.String(length=20), nullable=True),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.Column("organiser_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("plan_bytes", sa.LargeBinary(), nullable=False),
        sa.Column("plan_digest", sa.String(length=64), nullable=True),
        sa.Column("publish_asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("publicity_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("publicity_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrivals_closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("early_award_decision", sa.Text(), nullable=True),
        sa.Column("previous_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('draft', 'terminated') OR plan_digest IS NOT NULL", name=op.f("ck_recruitment_published_is_frozen")
        ),
        sa.CheckConstraint(
            "stage IN ('draft', 'published', 'opened', 'qualification', 'scoring', 'reported', 'publicity', 'awarded', 'integration', 'promotion', 'archived', 'suspended', 'terminated')",
            name=op.f("ck_recruitment_stage_known"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_recruitment_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["organiser_id"], ["organisation.id"], name=op.f("fk_recruitment_organiser_id")
        ),
        sa.ForeignKeyConstraint(["previous_id"], ["recruitment.id"], name=op.f("fk_recruitment_previous_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_recruitment_programme_id")),
        sa.ForeignKeyConstraint(
            ["publish_asked_by_id"], ["user_account.id"], name=op.f("fk_recruitment_publish_asked_by_id")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_recruitment_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recruitment")),
        sa.UniqueConstraint("programme_id", name=op.f("uq_recruitment_programme_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_recruitment_public_id")),
        sa.UniqueConstraint("review_id", name=op.f("uq_recruitment_review_id")),
    )
    op.create_table(
        "requirement_state",
        sa.Column("integration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("requirement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("proved_by", sa.String(length=24), nullable=True),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=24), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('open', 'proved', 'accepted', 'returned')",
            name=op.f("ck_requirement_state_stage_known"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR proved_by IS NULL OR decided_by <> proved_by",
            name=op.f("ck_requirement_state_not_own_judge"),
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name=op.f("fk_requirement_state_integration_id")
        ),
        sa.ForeignKeyConstraint(
            ["requirement_id"], ["requirement.id"], name=op.f("fk_requirement_state_requirement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requirement_state")),
        sa.UniqueConstraint(
            "integration_id",
            "requirement_id",
            name=op.f("uq_requirement_state_integration_id_requirement_id"),
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_requirement_state_public_id")),
    )
    with op.batch_alter_table("requirement_state", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_requirement_state_integration_id"), ["integration_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_requirement_state_requirement_id"), ["requirement_id"], unique=False
        )

    op.create_table(
        "amendment",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("touches_responses", sa.Boolean(), nullable=False),
        sa.Column("new_closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("stage IN ('draft', 'published')", name=op.f("ck_amendment_stage_known")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_amendment_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_amendment_recruitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment")),
        sa.UniqueConstraint("public_id", name=op.f("uq_amendment_public_id")),
        sa.UniqueConstraint("recruitment_id", "number", name=op.f("uq_amendment_recruitment_id_number")),
    )
    with op.batch_alter_table("amendment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_amendment_recruitment_id"), ["recruitment_id"], unique=False)

    op.create_table(
        "approval",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_approval_recruitment_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_approval_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        sa.UniqueConstraint(
            "recruitment_id", "step", "round", "role", name=op.f("uq_approval_recruitment_id_step_round_role")
        ),
    )
    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approval_recruitment_id"), ["recruitment_id"], unique=False)

    op.create_table(
        "ballot",
        sa.Column("dispute_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("choice", sa.String(length=10), nullable=False),
        sa.Column("cited_file", sa.String(length=300), nullable=False),
        sa.Column("cited_page", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payload_digest", sa.String(length=64), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("seat_key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("choice <> 'yes' OR cited_file <> ''", name=op.f("ck_ballot_yes_cites_a_file")),
        sa.CheckConstraint("choice IN ('yes', 'no', 'abstain')", name=op.f("ck_ballot_choice_known")),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("fk_ballot_dispute_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_ballot_seat_id")),
        sa.ForeignKeyConstraint(["seat_key_id"], ["seat_key.id"], name=op.f("fk_ballot_seat_key_id")),
        sa.PrimaryKeyConstraint("dispute_id", "seat_id", name=op.f("pk_ballot")),
    )
    op.create_table(
        "ca_group_ballot",
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("choice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payload_digest", sa.String(length=64), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("seat_key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["choice_id"], ["candidate.id"], name=op.f("fk_ca_group_ballot_choice_id")),
        sa.ForeignKeyConstraint(["group_id"], ["ca_group.id"], name=op.f("fk_ca_group_ballot_group_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_ca_group_ballot_seat_id")),
        sa.ForeignKeyConstraint(["seat_key_id"], ["seat_key.id"], name=op.f("fk_ca_group_ballot_seat_key_id")),
        sa.PrimaryKeyConstraint("group_id", "seat_id", name=op.f("pk_ca_group_ballot")),
    )
    op.create_table(
        "chair_vote",
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("choice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["choice_id"], ["panel_seat.id"], name=op.f("fk_chair_vote_choice_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_chair_vote_seat_id")),
        sa.PrimaryKeyConstraint("seat_id", "round", name=op.f("pk_chair_vote")),
    )
    op.create_table(
        "channel_proof",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("blob_key", sa.String(length=64), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("recorded_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_channel_proof_recorded_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_channel_proof_recruitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_proof")),
        sa.UniqueConstraint("public_id", name=op.f("uq_channel_proof_public_id")),
    )
    with op.batch_alter_table("channel_proof", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_channel_proof_recruitment_id"), ["recruitment_id"], unique=False)

    op.create_table(
        "clarification",
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("candidate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answer_blob", sa.String(length=64), nullable=True),
        sa.Column("answer_name", sa.String(length=255), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('asked', 'answered', 'expired')", name=op.f("ck_clarification_stage_known")
        ),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidate.id"], name=op.f("fk_clarification_candidate_id")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_clarification_review_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_clarification_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clarification")),
        sa.UniqueConstraint("public_id", name=op.f("uq_clarification_public_id")),
    )
    with op.batch_alter_table("clarification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clarification_candidate_id"), ["candidate_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_clarification_review_id"), ["review_id"], unique=False)

    op.create_table(
        "complaint",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("complainant", sa.String(length=200), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("orders", sa.JSON(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_complaint_recorded_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_complaint_recruitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        sa.UniqueConstraint("public_id", name=op.f("uq_complaint_public_id")),
    )
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_complaint_recruitment_id"), ["recruitment_id"], unique=False)

    op.create_table(
        "contract",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("candidate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("agreement_signed", sa.Boolean(), nullable=False),
        sa.Column("service_start", sa.Date(), nullable=True),
        sa.Column("service_end", sa.Date(), nullable=True),
        sa.Column("scan_blob", sa.String(length=64), nullable=True),
        sa.Column("scan_name", sa.String(length=255), nullable=False),
        sa.Column("scan_type", sa.String(length=100), nullable=False),
        sa.Column("suspended_on", sa.Date(), nullable=True),
        sa.Column("recorded_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage <> 'signed' OR signed_on IS NOT NULL", name=op.f("ck_contract_signed_has_date")
        ),
        sa.CheckConstraint(
            "stage IN ('due', 'signed', 'suspended', 'ended')", name=op.f("ck_contract_stage_known")
        ),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidate.id"], name=op.f("fk_contract_candidate_id")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_contract_recorded_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_contract_recruitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
        sa.UniqueConstraint("candidate_id", name=op.f("uq_contract_candidate_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_contract_public_id")),
    )
    with op.batch_alter_table("contract", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contract_recruitment_id"), ["recruitment_id"], unique=False)

    op.create_table(
        "declaration",
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("candidate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "relation IN ('none', 'employment', 'control', 'kinship', 'other')",
            name=op.f("ck_declaration_relation_known"),
        ),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidate.id"], name=op.f("fk_declaration_candidate_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_declaration_seat_id")),
        sa.PrimaryKeyConstraint("seat_id", "candidate_id", name=op.f("pk_declaration")),
    )
    op.create_table(
        "recruitment_seal",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("serial", sa.String(length=48), nullable=False),
        sa.Column("maker_serial", sa.String(length=48), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("maker_certificate", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revocation_reason", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.CheckConstraint(
            "revoked_at IS NULL OR reason <> ''", name=op.f("ck_recruitment_seal_revoked_has_reason")
        ),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_recruitment_seal_recruitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recruitment_seal")),
        sa.UniqueConstraint("maker_serial", name=op.f("uq_recruitment_seal_maker_serial")),
        sa.UniqueConstraint("public_id", name=op.f("uq_recruitment_seal_public_id")),
        sa.UniqueConstraint("recruitment_id", "number", name=op.f("uq_recruitment_seal_recruitment_id_number")),
        sa.UniqueConstraint("serial", name=op.f("uq_recruitment_seal_serial")),
    )
    with op.batch_alter_table("recruitment_seal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recruitment_seal_recruitment_id"), ["recruitment_id"], unique=False)

    op.create_table(
        "document",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("blob_key", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sm3", sa.String(length=64), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_ref", sa.String(length=40), nullable=False),
        sa.Column("audience", sa.String(length=20), nullable=False),
        sa.Column("owner_ref", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_document_recruitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("public_id", name=op.f("uq_document_public_id")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_recruitment_id"), ["recruitment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_subject_ref"), ["subject_ref"], unique=False)

    op.create_table(
        "event",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("scope", sa.String(length=24), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("actor_role", sa.String(length=20), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_ref", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name=op.f("fk_event_actor_id")),
        sa.ForeignKeyConstraint(["recruitment_id"], ["recruitment.id"], name=op.f("fk_event_recruitment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("scope", "seq", name=op.f("uq_event_scope_seq")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_recruitment_id"), ["recruitment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_subject_ref"), ["subject_ref"], unique=False)

    op.create_table(
        "evidence",
        sa.Column("state_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("blob_key", sa.String(length=64), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sm3", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=24), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["state_id"], ["requirement_state.id"], name=op.f("fk_evidence_state_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("public_id", name=op.f("uq_evidence_public_id")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_state_id"), ["state_id"], unique=False)

    op.create_table(
        "item_remark",
        sa.Column("state_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("side", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=24), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.CheckConstraint("side IN ('vendor', 'platform')", name=op.f("ck_item_remark_side_known")),
        sa.ForeignKeyConstraint(
            ["state_id"], ["requirement_state.id"], name=op.f("fk_item_remark_state_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_remark")),
        sa.UniqueConstraint("public_id", name=op.f("uq_item_remark_public_id")),
    )
    with op.batch_alter_table("item_remark", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_remark_state_id"), ["state_id"], unique=False)

    op.create_table(
        "expert_fee",
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("attended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_expert_fee_review_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_expert_fee_seat_id")),
        sa.PrimaryKeyConstraint("review_id", "seat_id", name=op.f("pk_expert_fee")),
    )
    op.create_table(
        "fee_share",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("candidate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('invoice', 'reversal')", name=op.f("ck_fee_share_kind_known")),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidate.id"], name=op.f("fk_fee_share_candidate_id")),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_fee_share_recruitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_share")),
        sa.UniqueConstraint("public_id", name=op.f("uq_fee_share_public_id")),
    )
    with op.batch_alter_table("fee_share", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fee_share_recruitment_id"), ["recruitment_id"], unique=False)

    op.create_table(
        "invitation",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("expert_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_invitation_created_by_id")
        ),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_invitation_expert_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_invitation_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_invitation_recruitment_id")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_invitation_seat_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_invitation_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_invitation_public_id")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_invitation_token_digest")),
    )
    op.create_table(
        "membership",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('staff', 'supervisor', 'expert', 'vendor', 'operator')",
            name=op.f("ck_membership_role_known"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_membership_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_membership_recruitment_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_membership_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("recruitment_id", "user_id", name=op.f("uq_membership_recruitment_id_user_id")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_recruitment_id"), ["recruitment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_user_id"), ["user_id"], unique=False)

    op.create_table(
        "message",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_message_recruitment_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_message_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("public_id", name=op.f("uq_message_public_id")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_user_id"), ["user_id"], unique=False)

    op.create_table(
        "minute",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_minute_review_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_minute_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minute")),
    )
    with op.batch_alter_table("minute", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_minute_review_id"), ["review_id"], unique=False)

    op.create_table(
        "objection",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("filed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("evidence_blob", sa.String(length=64), nullable=True),
        sa.Column("evidence_name", sa.String(length=255), nullable=False),
        sa.Column("evidence_type", sa.String(length=100), nullable=False),
        sa.Column("against_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("may_change_result", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_due_on", sa.Date(), nullable=False),
        sa.Column("calendar_version", sa.String(length=80), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remedied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("channel IN ('online', 'paper')", name=op.f("ck_objection_channel_known")),
        sa.CheckConstraint(
            "stage IN ('received', 'accepted', 'refused', 'upheld', 'rejected', 'withdrawn')",
            name=op.f("ck_objection_stage_known"),
        ),
        sa.CheckConstraint(
            "subject IN ('documents', 'process', 'result')", name=op.f("ck_objection_subject_known")
        ),
        sa.ForeignKeyConstraint(["against_id"], ["candidate.id"], name=op.f("fk_objection_against_id")),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["user_account.id"], name=op.f("fk_objection_answered_by_id")
        ),
        sa.ForeignKeyConstraint(["filed_by_id"], ["user_account.id"], name=op.f("fk_objection_filed_by_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_objection_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_objection_recruitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("public_id", name=op.f("uq_objection_public_id")),
        sa.UniqueConstraint("recruitment_id", "number", name=op.f("uq_objection_recruitment_id_number")),
    )
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_objection_recruitment_id"), ["recruitment_id"], unique=False)

    op.create_table(
        "outbox_item",
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ordered_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.CheckConstraint(
            "stage IN ('waiting', 'handed', 'done', 'failed')", name=op.f("ck_outbox_item_stage_known")
        ),
        sa.ForeignKeyConstraint(
            ["ordered_by_id"], ["user_account.id"], name=op.f("fk_outbox_item_ordered_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_outbox_item_recruitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_item")),
        sa.UniqueConstraint("public_id", name=op.f("uq_outbox_item_public_id")),
    )
    with op.batch_alter_table("outbox_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_item_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_item_recruitment_id"), ["recruitment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_item_stage"), ["stage"], unique=False)

    op.create_table(
        "paper_arrival",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("vendor_name", sa.String(length=200), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("envelope_ok", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("delivered_by", sa.String(length=80), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("registered_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_paper_arrival_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_paper_arrival_recruitment_id")
        ),
        sa.ForeignKeyConstraint(
            ["registered_by_id"], ["user_account.id"], name=op.f("fk_paper_arrival_registered_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_arrival")),
        sa.UniqueConstraint("public_id", name=op.f("uq_paper_arrival_public_id")),
        sa.UniqueConstraint("recruitment_id", "number", name=op.f("uq_paper_arrival_recruitment_id_number")),
    )
    with op.batch_alter_table("paper_arrival", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_arrival_recruitment_id"), ["recruitment_id"], unique=False)

    op.create_table(
        "plan_version",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("plan_bytes", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("effective", sa.JSON(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_plan_version_recruitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_version")),
        sa.UniqueConstraint("recruitment_id", "number", name=op.f("uq_plan_version_recruitment_id_number")),
    )
    with op.batch_alter_table("plan_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_version_recruitment_id"), ["recruitment_id"], unique=False)

    op.create_table(
        "qualification_sheet",
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("candidate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payload_digest", sa.String(length=64), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("seat_key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "stage IN ('open', 'signed', 'reopened', 'void')", name=op.f("ck_qualification_sheet_stage_known")
        ),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidate.id"], name=op.f("fk_qualification_sheet_candidate_id")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_qualification_sheet_seat_id")),
        sa.ForeignKeyConstraint(["seat_key_id"], ["seat_key.id"], name=op.f("fk_qualification_sheet_seat_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualification_sheet")),
        sa.UniqueConstraint("public_id", name=op.f("uq_qualification_sheet_public_id")),
        sa.UniqueConstraint(
            "seat_id", "candidate_id", name=op.f("uq_qualification_sheet_seat_id_candidate_id")
        ),
    )
    with op.batch_alter_table("qualification_sheet", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_qualification_sheet_candidate_id"), ["candidate_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_qualification_sheet_seat_id"), ["seat_id"], unique=False)

    op.create_table(
        "question",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decline_reason", sa.Text(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('received', 'published', 'declined')", name=op.f("ck_question_stage_known")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["user_account.id"], name=op.f("fk_question_answered_by_id")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user_account.id"], name=op.f("fk_question_asked_by_id")),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_question_recruitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("public_id", name=op.f("uq_question_public_id")),
    )
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_question_recruitment_id"), ["recruitment_id"], unique=False)

    op.create_table(
        "report_signature",
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("report_digest", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payload_digest", sa.String(length=64), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("seat_key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "position <> 'dissent' OR reason <> ''", name=op.f("ck_report_signature_dissent_has_reason")
        ),
        sa.CheckConstraint(
            "position IN ('signed', 'dissent', 'deemed')", name=op.f("ck_report_signature_position_known")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_report_signature_review_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_report_signature_seat_id")),
        sa.ForeignKeyConstraint(["seat_key_id"], ["seat_key.id"], name=op.f("fk_report_signature_seat_key_id")),
        sa.PrimaryKeyConstraint("review_id", "seat_id", name=op.f("pk_report_signature")),
    )
    op.create_table(
        "response",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("contact_name", sa.String(length=80), nullable=False),
        sa.Column("contact_phone", sa.String(length=40), nullable=False),
        sa.Column("ca_name", sa.String(length=200), nullable=False),
        sa.Column("ca_licence", sa.String(length=80), nullable=False),
        sa.Column("is_ca", sa.Boolean(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("plan_digest", sa.String(length=64), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("candidate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('draft', 'submitted', 'withdrawn', 'opened')", name=op.f("ck_response_stage_known")
        ),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidate.id"], name=op.f("fk_response_candidate_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_response_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_response_recruitment_id")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name="fk_response_submission_id", use_alter=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
        sa.UniqueConstraint("candidate_id", name=op.f("uq_response_candidate_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_response_public_id")),
        sa.UniqueConstraint(
            "recruitment_id", "organisation_id", name=op.f("uq_response_recruitment_id_organisation_id")
        ),
    )
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_response_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_response_recruitment_id"), ["recruitment_id"], unique=False)

    op.create_table(
        "score_sheet",
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("candidate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("scan_blob", sa.String(length=64), nullable=True),
        sa.Column("scan_name", sa.String(length=255), nullable=False),
        sa.Column("scan_digest", sa.String(length=64), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payload_digest", sa.String(length=64), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("seat_key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "stage IN ('open', 'signed', 'reopened', 'void')", name=op.f("ck_score_sheet_stage_known")
        ),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidate.id"], name=op.f("fk_score_sheet_candidate_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_score_sheet_seat_id")),
        sa.ForeignKeyConstraint(["seat_key_id"], ["seat_key.id"], name=op.f("fk_score_sheet_seat_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_sheet")),
        sa.UniqueConstraint("public_id", name=op.f("uq_score_sheet_public_id")),
        sa.UniqueConstraint("seat_id", "candidate_id", name=op.f("uq_score_sheet_seat_id_candidate_id")),
    )
    with op.batch_alter_table("score_sheet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_score_sheet_candidate_id"), ["candidate_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_score_sheet_seat_id"), ["seat_id"], unique=False)

    op.create_table(
        "stage_decision",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_stage_decision_by_id")),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_stage_decision_recruitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_decision")),
        sa.UniqueConstraint("public_id", name=op.f("uq_stage_decision_public_id")),
    )
    with op.batch_alter_table("stage_decision", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stage_decision_recruitment_id"), ["recruitment_id"], unique=False
        )

    op.create_table(
        "item_score",
        sa.Column("sheet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.CheckConstraint("value IS NULL OR value >= 0", name=op.f("ck_item_score_value_not_negative")),
        sa.ForeignKeyConstraint(["sheet_id"], ["score_sheet.id"], name=op.f("fk_item_score_sheet_id")),
        sa.PrimaryKeyConstraint("sheet_id", "item", name=op.f("pk_item_score")),
    )
    op.create_table(
        "lottery",
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fixed", sa.JSON(), nullable=False),
        sa.Column("fixed_digest", sa.String(length=64), nullable=False),
        sa.Column("commitments", sa.JSON(), nullable=False),
        sa.Column("reveals", sa.JSON(), nullable=False),
        sa.Column("public_name", sa.String(length=200), nullable=False),
        sa.Column("public_digits", sa.Integer(), nullable=False),
        sa.Column("public_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("public_value", sa.String(length=64), nullable=False),
        sa.Column("public_source", sa.String(length=500), nullable=False),
        sa.Column("public_by", sa.String(length=20), nullable=False),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof", sa.JSON(), nullable=False),
        sa.Column("proof_digest", sa.String(length=64), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("abandoned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('fixed', 'committed', 'drawn', 'abandoned')", name=op.f("ck_lottery_stage_known")
        ),
        sa.CheckConstraint(
            "stage <> 'drawn' OR proof_digest <> ''", name=op.f("ck_lottery_drawn_has_proof")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_lottery_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lottery")),
        sa.UniqueConstraint("public_id", name=op.f("uq_lottery_public_id")),
        sa.UniqueConstraint("review_id", "number", name=op.f("uq_lottery_review_id_number")),
    )
    with op.batch_alter_table("lottery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lottery_review_id"), ["review_id"], unique=False)

    op.create_table(
        "collusion_hint",
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("strength", sa.String(length=10), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("strength IN ('strong', 'weak')", name=op.f("ck_collusion_hint_strength_known")),
        sa.CheckConstraint(
            "stage IN ('open', 'noted', 'dismissed')", name=op.f("ck_collusion_hint_stage_known")
        ),
        sa.CheckConstraint(
            "stage = 'open' OR reason <> ''", name=op.f("ck_collusion_hint_decision_has_reason")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_collusion_hint_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_collusion_hint_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collusion_hint")),
        sa.UniqueConstraint("public_id", name=op.f("uq_collusion_hint_public_id")),
        sa.UniqueConstraint("review_id", "key", name=op.f("uq_collusion_hint_review_id_key")),
    )
    with op.batch_alter_table("collusion_hint", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_collusion_hint_review_id"), ["review_id"], unique=False)

    op.create_table(
        "paper_difference",
        sa.Column("response_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "second_by_id IS NULL OR second_by_id <> first_by_id",
            name=op.f("ck_paper_difference_two_persons"),
        ),
        sa.ForeignKeyConstraint(
            ["first_by_id"], ["user_account.id"], name=op.f("fk_paper_difference_first_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["response_id"], ["response.id"], name=op.f("fk_paper_difference_response_id")
        ),
        sa.ForeignKeyConstraint(
            ["second_by_id"], ["user_account.id"], name=op.f("fk_paper_difference_second_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_difference")),
        sa.UniqueConstraint("public_id", name=op.f("uq_paper_difference_public_id")),
    )
    with op.batch_alter_table("paper_difference", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_difference_response_id"), ["response_id"], unique=False)

    op.create_table(
        "qualification_answer",
        sa.Column("sheet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("ground", sa.String(length=20), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "passed IS NULL OR passed = true OR ground <> ''",
            name=op.f("ck_qualification_answer_refusal_has_ground"),
        ),
        sa.ForeignKeyConstraint(
            ["sheet_id"], ["qualification_sheet.id"], name=op.f("fk_qualification_answer_sheet_id")
        ),
        sa.PrimaryKeyConstraint("sheet_id", "item", name=op.f("pk_qualification_answer")),
    )
    op.create_table(
        "response_file",
        sa.Column("response_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sm3", sa.String(length=64), nullable=False),
        sa.Column("blob_key", sa.String(length=64), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("uploaded_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_response_file_not_empty")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_response_file_response_id")),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["user_account.id"], name=op.f("fk_response_file_uploaded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_file")),
        sa.UniqueConstraint("public_id", name=op.f("uq_response_file_public_id")),
    )
    with op.batch_alter_table("response_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_response_file_response_id"), ["response_id"], unique=False)

    op.create_table(
        "publicity",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("objections_until", sa.Date(), nullable=False),
        sa.Column("calendar_version", sa.String(length=80), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("removed_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("moved_up_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("started_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_publicity_ends_after_start")),
        sa.CheckConstraint(
            "kind IN ('result', 'corrected', 'supplementary')", name=op.f("ck_publicity_kind_known")
        ),
        sa.ForeignKeyConstraint(["moved_up_id"], ["candidate.id"], name=op.f("fk_publicity_moved_up_id")),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_publicity_recruitment_id")
        ),
        sa.ForeignKeyConstraint(["removed_id"], ["candidate.id"], name=op.f("fk_publicity_removed_id")),
        sa.ForeignKeyConstraint(
            ["started_by_id"], ["user_account.id"], name=op.f("fk_publicity_started_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publicity")),
        sa.UniqueConstraint("public_id", name=op.f("uq_publicity_public_id")),
        sa.UniqueConstraint("recruitment_id", "number", name=op.f("uq_publicity_recruitment_id_number")),
    )
    with op.batch_alter_table("publicity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_publicity_recruitment_id"), ["recruitment_id"], unique=False)

    op.create_table(
        "selection_notice",
        sa.Column("recruitment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("candidate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('selected', 'not_selected', 'moved_up', 'removed')",
            name=op.f("ck_selection_notice_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidate.id"], name=op.f("fk_selection_notice_candidate_id")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_selection_notice_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["issued_by_id"], ["user_account.id"], name=op.f("fk_selection_notice_issued_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["recruitment_id"], ["recruitment.id"], name=op.f("fk_selection_notice_recruitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selection_notice")),
        sa.UniqueConstraint(
            "candidate_id", "kind", "round", name=op.f("uq_selection_notice_candidate_id_kind_round")
        ),
        sa.UniqueConstraint("number", name=op.f("uq_selection_notice_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_selection_notice_public_id")),
    )
    with op.batch_alter_table("selection_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_selection_notice_candidate_id"), ["candidate_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_selection_notice_recruitment_id"), ["recruitment_id"], unique=False
        )

    op.create_table(
        "submission",
        sa.Column("response_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("plan_digest", sa.String(length=64), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("manifest_sm3", sa.String(length=64), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("receipt_document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.CheckConstraint(
            "kind IN ('submit', 'withdraw', 'confirm')", name=op.f("ck_submission_kind_known")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_submission_by_id")),
        sa.ForeignKeyConstraint(
            ["receipt_document_id"], ["document.id"], name=op.f("fk_submission_receipt_document_id")
        ),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_submission_response_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("public_id", name=op.f("uq_submission_public_id")),
        sa.UniqueConstraint("response_id", "number", name=op.f("uq_submission_response_id_number")),
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_response_id"), ["response_id"], unique=False)

    op.create_table(
        "upload",
        sa.Column("response_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("refusal", sa.String(length=60), nullable=False),
        sa.Column("blob_key", sa.String(length=64), nullable=False),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('open', 'finished', 'refused', 'abandoned')", name=op.f("ck_upload_stage_known")
        ),
        sa.CheckConstraint("received >= 0 AND received <= size", name=op.f("ck_upload_received_in_range")),
        sa.ForeignKeyConstraint(["file_id"], ["response_file.id"], name=op.f("fk_upload_file_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_upload_owner_id")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_upload_response_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("public_id", name=op.f("uq_upload_public_id")),
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_response_id"), ["response_id"], unique=False)

    op.create_table(
        "verification",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification")),
        sa.UniqueConstraint("public_id", name=op.f("uq_verification_public_id")),
    )
    with op.batch_alter_table("verification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verification_made_at"), ["made_at"], unique=False)

    op.create_table(
        "seal_check",
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("signatures", sa.Integer(), nullable=False),
        sa.Column("refusal", sa.String(length=60), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.CheckConstraint("stage IN ('waiting', 'done', 'failed')", name=op.f("ck_seal_check_stage_known")),
        sa.ForeignKeyConstraint(["file_id"], ["response_file.id"], name=op.f("fk_seal_check_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal_check")),
        sa.UniqueConstraint("file_id", name=op.f("uq_seal_check_file_id")),
    )
    _append_only()


def downgrade():
    op.drop_table("seal_check")
    with op.batch_alter_table("verification", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verification_made_at"))

    op.drop_table("verification")
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_upload_response_id"))
        batch_op.drop_index(batch_op.f("ix_upload_owner_id"))

    op.drop_table("job_executor")
    op.drop_table("upload")
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_response_id"))

    op.drop_table("submission")
    with op.batch_alter_table("selection_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_selection_notice_recruitment_id"))
        batch_op.drop_index(batch_op.f("ix_selection_notice_candidate_id"))

    op.drop_table("selection_notice")
    with op.batch_alter_table("publicity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_publicity_recruitment_id"))

    op.drop_table("publicity")
    with op.batch_alter_table("response_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_response_file_response_id"))

    op.drop_table("response_file")
    op.drop_table("qualification_answer")
    with op.batch_alter_table("paper_difference", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_paper_difference_response_id"))

    op.drop_table("paper_difference")
    with op.batch_alter_table("collusion_hint", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_collusion_hint_review_id"))

    op.drop_table("collusion_hint")
    with op.batch_alter_table("lottery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lottery_review_id"))

    op.drop_table("lottery")
    op.drop_table("item_score")
    with op.batch_alter_table("stage_decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stage_decision_recruitment_id"))

    op.drop_table("stage_decision")
    with op.batch_alter_table("score_sheet", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_score_sheet_seat_id"))
        batch_op.drop_index(batch_op.f("ix_score_sheet_candidate_id"))

    op.drop_table("score_sheet")
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_response_recruitment_id"))
        batch_op.drop_index(batch_op.f("ix_response_organisation_id"))

    op.drop_table("response")
    op.drop_table("report_signature")
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_question_recruitment_id"))

    op.drop_table("question")
    with op.batch_alter_table("qualification_sheet", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_qualification_sheet_seat_id"))
        batch_op.drop_index(batch_op.f("ix_qualification_sheet_candidate_id"))

    op.drop_table("qualification_sheet")
    with op.batch_alter_table("plan_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plan_version_recruitment_id"))

    op.drop_table("plan_version")
    with op.batch_alter_table("paper_arrival", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_paper_arrival_recruitment_id"))

    op.drop_table("paper_arrival")
    with op.batch_alter_table("outbox_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_item_stage"))
        batch_op.drop_index(batch_op.f("ix_outbox_item_recruitment_id"))
        batch_op.drop_index(batch_op.f("ix_outbox_item_kind"))

    op.drop_table("outbox_item")
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_objection_recruitment_id"))

    op.drop_table("objection")
    with op.batch_alter_table("minute", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_minute_review_id"))

    op.drop_table("minute")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_user_id"))

    op.drop_table("message")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_user_id"))
        batch_op.drop_index(batch_op.f("ix_membership_recruitment_id"))

    op.drop_table("membership")
    op.drop_table("invitation")
    with op.batch_alter_table("fee_share", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fee_share_recruitment_id"))

    op.drop_table("fee_share")
    op.drop_table("expert_fee")
    with op.batch_alter_table("item_remark", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_remark_state_id"))

    op.drop_table("item_remark")
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_state_id"))

    op.drop_table("evidence")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_subject_ref"))
        batch_op.drop_index(batch_op.f("ix_event_recruitment_id"))
        batch_op.drop_index(batch_op.f("ix_event_kind"))
        batch_op.drop_index(batch_op.f("ix_event_at"))

    op.drop_table("event")
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_subject_ref"))
        batch_op.drop_index(batch_op.f("ix_document_recruitment_id"))
        batch_op.drop_index(batch_op.f("ix_document_kind"))

    op.drop_table("document")
    with op.batch_alter_table("recruitment_seal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recruitment_seal_recruitment_id"))

    op.drop_table("recruitment_seal")
    op.drop_table("declaration")
    with op.batch_alter_table("contract", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contract_recruitment_id"))

    op.drop_table("contract")
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_recruitment_id"))

    op.drop_table("complaint")
    with op.batch_alter_table("clarification", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clarification_review_id"))
        batch_op.drop_index(batch_op.f("ix_clarification_candidate_id"))

    op.drop_table("clarification")
    with op.batch_alter_table("channel_proof", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_channel_proof_recruitment_id"))

    op.drop_table("channel_proof")
    op.drop_table("chair_vote")
    op.drop_table("ca_group_ballot")
    op.drop_table("ballot")
    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_approval_recruitment_id"))

    op.drop_table("approval")
    with op.batch_alter_table("amendment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_amendment_recruitment_id"))

    op.drop_table("amendment")
    with op.batch_alter_table("requirement_state", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_requirement_state_requirement_id"))
        batch_op.drop_index(batch_op.f("ix_requirement_state_integration_id"))

    op.drop_table("requirement_state")
    op.drop_table("recruitment")
    op.drop_table("rank_entry")
    with op.batch_alter_table("sheet_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sheet_version_seat_id"))

    op.drop_table("sheet_version")
    with op.batch_alter_table("seat_key_opening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_key_opening_key_id"))

    op.drop_table("seat_key_opening")
    with op.batch_alter_table("seat_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_key_seat_id"))

    op.drop_table("seat_key")
    with op.batch_alter_table("panel_seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_panel_seat_review_id"))
        batch_op.drop_index(batch_op.f("ix_panel_seat_expert_id"))

    op.drop_table("panel_seat")
    with op.batch_alter_table("organisation_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organisation_member_user_id"))
        batch_op.drop_index(batch_op.f("ix_organisation_member_organisation_id"))

    op.drop_table("organisation_member")
    with op.batch_alter_table("duty_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_duty_record_integration_id"))

    op.drop_table("duty_record")
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispute_review_id"))
        batch_op.drop_index(batch_op.f("ix_dispute_candidate_id"))

    op.drop_table("dispute")
    with op.batch_alter_table("deadline_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deadline_change_integration_id"))

    op.drop_table("deadline_change")
    with op.batch_alter_table("certificate_request", schema=None) as batch_op:
        batch_op.drop_index("uq_certificate_request_key_in_force")
        batch_op.drop_index(batch_op.f("ix_certificate_request_integration_id"))

    op.drop_table("certificate_request")
    with op.batch_alter_table("ca_group", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ca_group_review_id"))

    op.drop_table("ca_group")
    op.drop_table("user_account")
    with op.batch_alter_table("requirement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_requirement_programme_id"))

    op.drop_table("requirement")
    with op.batch_alter_table("integration", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_integration_programme_id"))

    op.drop_table("integration")
    with op.batch_alter_table("draw", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draw_review_id"))

    op.drop_table("draw")
    with op.batch_alter_table("candidate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_candidate_review_id"))

    op.drop_table("candidate")
    op.drop_table("review")
    op.drop_table("programme")
    op.drop_table("organisation")
    with op.batch_alter_table("login_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_attempt_login"))
        batch_op.drop_index(batch_op.f("ix_login_attempt_happened_at"))

    op.drop_table("login_attempt")
    op.drop_table("expert")
    op.drop_table("event_head")
    op.drop_table("blob")
