"""``harness cassettes import``: other tools' recordings as cassettes.

Exit codes: 0 written, 1 a secret is left that cannot be overwritten, 2 usage (a file that cannot be read is usage
too).
"""

from __future__ import annotations

from pathlib import Path

import click

from harness.cassette.importing.imported import Labels, import_file
from harness.cassette.importing.importer import ImportFailed
from harness.cassette.importing.table import IMPORTERS
from harness.cassette.redaction import RedactionError
from harness.cassette.writer import save
from harness.cassette.yamlsource import SourceError

SECRETS_LEFT, USAGE = 1, 2


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", default=Path("cassettes"), show_default=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--from", "source", type=click.Choice(sorted(IMPORTERS)), default=None, help="Do not guess what it is.")
@click.option("--provider", default="", help="Whose stream it is; guessed from the host where the file names one.")
@click.option("--name", default="", help="Name of the cassette below its provider; the file's name by default.")
@click.option("--model", default="", help="What answered, where the stream does not say.")
@click.option("--date", default="", metavar="YYYY-MM-DD", help="When it was recorded, where the file does not say.")
@click.option("--replace", is_flag=True, help="Overwrite cassettes that are there already.")
@click.pass_context
def import_(
    context: click.Context,
    files: tuple[Path, ...],
    out: Path,
    source: str | None,
    provider: str,
    name: str,
    model: str,
    date: str,
    replace: bool,
) -> None:
    """Make a cassette of each of FILES: output of curl -iN, VCR.py cassettes, HAR, event streams, payloads a line.

    Secrets are overwritten. What the source has not kept is written into the cassette's provenance.
    """
    if name and len(files) > 1:
        raise click.UsageError("--name is for one file; these are several")
    labels = Labels(provider, name, model, date)
    code = 0
    for file in files:
        try:
            cassette = import_file(file, labels, source or "")
            if (out / cassette.name).exists() and not replace:
                raise ImportFailed(out / cassette.name, "is there already", hint="--replace overwrites it")
            folder = save(cassette, out)
        except RedactionError as error:
            click.echo(f"{file}: {error}", err=True)
            code = max(code, SECRETS_LEFT)
            continue
        except SourceError as error:
            click.echo(str(error), err=True)
            code = USAGE
            continue
        click.echo(folder)
        for line in cassette.provenance.notes.splitlines()[1:]:
            click.echo(f"  {line}")
    context.exit(code)
