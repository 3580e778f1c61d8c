"""The `yinzhao` command: an equal door onto the same actions as the browser."""

from __future__ import annotations

import sys
from typing import Any

import click
from flask.cli import FlaskGroup

from app.config import SettingsError


def _make_app() -> Any:
    from app import create_app

    try:
        return create_app()
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


class _Group(FlaskGroup):
    """Loads the feature commands lazily, so that `plan check` needs no database."""

    rooms = {
        "serve": ("app.commands.serve", "serve"),
        "db": ("app.commands.database", "database"),
        "plan": ("app.commands.plan", "plan"),
        "user": ("app.commands.users", "user"),
        "experts": ("app.commands.experts", "experts"),
        "samples": ("app.commands.samples", "samples"),
        "rehearse": ("app.commands.rehearse", "rehearse"),
        "panel": ("app.commands.panel", "panel"),
        "award": ("app.commands.award", "award"),
        "verify-review": ("app.commands.award", "verify_review"),
        "audit": ("app.commands.audit", "audit"),
        "backup": ("app.commands.backup", "backup"),
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.rooms)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        import importlib

        if name not in self.rooms:
            return None
        module, attribute = self.rooms[name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(
    cls=_Group,
    create_app=_make_app,
    add_default_commands=False,
    add_version_option=False,
    set_debug_flag=False,
    load_dotenv=False,
    help="印招：电子印章服务商招募与对接系统。",
)
def main() -> None:
    """Entry point of the console script."""


# Flask's own options name another application or an env file: here there is one, with its own settings.
main.params.clear()
