"""The verb `patient-view`: the pump as its patient may see it."""

import rich_click as click

from host_tools.cli.common import print_json, pump_verb
from host_tools.cli.layout import wrapped
from host_tools.documents.patientview import patient_view_dict, patient_view_sections, read_patient_view
from host_tools.documents.texts import NOT_A_DEVICE, UNSIGNED
from host_tools.programmer import Programmer


@click.command(epilog="Example: thecal patient-view")
@pump_verb
def patient_view(pump: Programmer, as_json: bool) -> None:
    """Show the patient how much drug is left, when to come, what an alarm means and whom to call.

    Asks nothing that the patient's role may not, and changes nothing.
    """
    view = read_patient_view(pump)
    signed = view.status["signed"] and pump.unsigned_reason is None
    if as_json:
        print_json(patient_view_dict(view) | {"signed": signed})
        return
    click.echo(click.style(wrapped(f"Your pump, {view.status['serial']}"), bold=True))
    click.echo(wrapped(f"{NOT_A_DEVICE}; not for human use"))
    if not signed:
        click.echo(click.style(wrapped(UNSIGNED), fg="yellow"))
    for heading, lines in patient_view_sections(view):
        click.echo(click.style(f"\n{heading}", bold=True))
        for line in lines:
            click.echo(wrapped(f"- {line}", "  "))
