"""How Alembic runs here: on the connection that `bot.casebook.store.upgrade` opened, in its transaction."""

from alembic import context

from bot.casebook.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
