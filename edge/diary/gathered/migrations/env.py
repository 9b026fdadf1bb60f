"""Alembic's entry: runs inside the transaction that `edge.diary.gathered.server` has begun, so all of it or nothing."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
