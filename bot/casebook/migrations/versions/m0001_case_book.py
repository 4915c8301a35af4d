"""The tables of the case book."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes all of them."""
    op.create_table(
        "journal",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=True),
        sa.Column("case", sa.String(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journal"),
        sa.UniqueConstraint("hash", name="uq_journal_hash"),
    )
    op.create_index("ix_journal_request", "journal", ["request"])
    op.create_table(
        "mark",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_mark"),
    )
    op.create_table(
        "message",
        sa.Column("id", ID, nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("graph_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("received", MOMENT, nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("seen", MOMENT, nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("disposition", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("request_id", ID, nullable=True),
        sa.Column("verdict", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("identity", name="uq_message_identity"),
    )
    op.create_index("ix_message_disposition", "message", ["disposition"])
    op.create_index("ix_message_message_id", "message", ["message_id"])
    op.create_index("ix_message_received", "message", ["received"])
    op.create_table(
        "permit",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("free_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", "n", name="pk_permit"),
    )
    op.create_index("ix_permit_name_free_at", "permit", ["name", "free_at"])
    op.create_table(
        "register",
        sa.Column("id", ID, nullable=False),
        sa.Column("case", sa.String(), nullable=False),
        sa.Column("right", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("received", MOMENT, nullable=False),
        sa.Column("binding", sa.Date(), nullable=False),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("identified_at", MOMENT, nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("recipients_told", sa.JSON(), nullable=False),
        sa.Column("closed", MOMENT, nullable=True),
        sa.Column("letter_hash", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_register"),
        sa.UniqueConstraint("case", name="uq_register_case"),
    )
    op.create_table(
        "request",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("message_id", ID, nullable=True),
        sa.Column("received", MOMENT, nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("identified_at", MOMENT, nullable=True),
        sa.Column("binding", sa.Date(), nullable=False),
        sa.Column("work_by", sa.Date(), nullable=False),
        sa.Column("extended_due", sa.Date(), nullable=False),
        sa.Column("waiting_days", sa.Integer(), nullable=False),
        sa.Column("sender_hash", sa.String(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_request_message_id"),
        sa.PrimaryKeyConstraint("id", name="pk_request"),
        sa.UniqueConstraint("message_id", name="uq_request_message_id"),
        sa.UniqueConstraint("reference", name="uq_request_reference"),
    )
    op.create_index("ix_request_sender_hash", "request", ["sender_hash"])
    op.create_table(
        "work",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ref", ID, nullable=False),
        sa.Column("due", MOMENT, nullable=True),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("done", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_work"),
        sa.UniqueConstraint("key", name="uq_work_key"),
    )
    op.create_index("ix_work_done", "work", ["done"])
    op.create_index("ix_work_due_id", "work", ["due", "id"])
    with op.batch_alter_table("message") as message:
        message.create_foreign_key("fk_message_request_id", "request", ["request_id"], ["id"])
    op.create_table(
        "case",
        sa.Column("id", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("right", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("changed", MOMENT, nullable=False),
        sa.Column("closed", MOMENT, nullable=True),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name="fk_case_request_id"),
        sa.PrimaryKeyConstraint("id", name="pk_case"),
        sa.UniqueConstraint("reference", name="uq_case_reference"),
    )
    op.create_index("ix_case_request_id", "case", ["request_id"])
    op.create_table(
        "answer",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("processor", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_answer_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_answer"),
        sa.UniqueConstraint("case_id", "processor", name="uq_answer_case_id_processor"),
    )
    op.create_table(
        "letter",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_id", ID, nullable=True),
        sa.Column("case_id", ID, nullable=True),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("sent_message_id", sa.String(), nullable=True),
        sa.Column("draft_hash", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_hash", sa.String(), nullable=True),
        sa.Column("recipient_hash", sa.String(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("graph_id", sa.String(), nullable=True),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("changed", MOMENT, nullable=False),
        sa.Column("sending_at", MOMENT, nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("sentences", sa.JSON(), nullable=False),
        sa.Column("vault", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_letter_case_id"),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name="fk_letter_request_id"),
        sa.PrimaryKeyConstraint("id", name="pk_letter"),
        sa.UniqueConstraint("key", name="uq_letter_key"),
        sa.UniqueConstraint("message_id", name="uq_letter_message_id"),
    )
    op.create_index("ix_letter_case_id", "letter", ["case_id"])
    op.create_index("ix_letter_recipient_hash", "letter", ["recipient_hash"])
    op.create_index("ix_letter_request_id", "letter", ["request_id"])
    op.create_index("ix_letter_sent_message_id", "letter", ["sent_message_id"])
    op.create_index("ix_letter_state_order", "letter", ["state", "rank", "due", "error", "recipients"])
    op.create_table(
        "ask",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("request_id", ID, nullable=True),
        sa.Column("case_id", ID, nullable=True),
        sa.Column("message_id", ID, nullable=True),
        sa.Column("subject_letter_id", ID, nullable=True),
        sa.Column("staff_letter_id", ID, nullable=True),
        sa.Column("bound_hash", sa.String(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("work_by", sa.Date(), nullable=True),
        sa.Column("opened", MOMENT, nullable=False),
        sa.Column("closed", MOMENT, nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_ask_case_id"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_ask_message_id"),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name="fk_ask_request_id"),
        sa.ForeignKeyConstraint(["staff_letter_id"], ["letter.id"], name="fk_ask_staff_letter_id"),
        sa.ForeignKeyConstraint(["subject_letter_id"], ["letter.id"], name="fk_ask_subject_letter_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ask"),
        sa.UniqueConstraint("code_hash", name="uq_ask_code_hash"),
        sa.UniqueConstraint("key", name="uq_ask_key"),
    )
    op.create_index("ix_ask_case_id", "ask", ["case_id"])
    op.create_index("ix_ask_message_id", "ask", ["message_id"])
    op.create_index("ix_ask_staff_letter_id", "ask", ["staff_letter_id"])
    op.create_index("ix_ask_subject_letter_id", "ask", ["subject_letter_id"])
