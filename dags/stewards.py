"""Every morning the doubtful pairs of customers are put to a steward; each answer is carried out as soon as it is given.

What Airflow keeps of a question are addresses of records, fields, levels and bits; the records are shown by the console.
"""

import os
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param, dag, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

from crossroads.airflow import beside_the_syncs, page, perform, working
from crossroads.audit.spoken import LANGUAGES, Speaker, language

MOST = 50
WAITS = timedelta(hours=23)  # what nobody answered is put anew with the next morning's questions
CHOICES = ("must", "cannot", "later")
MEANT = {texts[f"choice.{kind}"]: kind for texts in LANGUAGES.values() for kind in CHOICES}
REASONS = ("records", "known", "asked", "documents")  # to choose from: what is typed freely may name a person

say = Speaker(language(os.environ.get("CROSSROADS_LANGUAGE", "en")))


@dag(**beside_the_syncs("0 5 * * *"))
def stewards() -> None:
    """Once a day, beside the syncs."""

    @task
    def doubtful() -> list[dict[str, str]]:
        from crossroads.audit.show_question import markdown, subject
        from crossroads.engine.questions import questions

        with working() as ws:
            return [
                {
                    "subject": subject(one.doubt, say),
                    "body": markdown(one, say, page("doubtful/{}-{}".format(*one.doubt.numbers))),
                    "a": one.doubt.a,
                    "b": one.doubt.b,
                    "mark": one.outcome.mark,
                }
                for one in questions(ws, MOST)
            ]

    @task_group
    def pair(subject: str, body: str, a: str, b: str, mark: str) -> None:
        ask = HITLOperator(
            task_id="ask",
            subject=subject,
            body=body,
            options=[say(f"choice.{kind}") for kind in CHOICES],
            defaults=say("choice.later"),
            params={"reason": Param(say("reason.records"), type="string", title=say("reason"),
                                    enum=[say(f"reason.{why}") for why in REASONS])},
            response_timeout=WAITS,
        )  # fmt: skip

        @task
        def carry_out(a: str, b: str, mark: str, answer: dict[str, Any]) -> None:
            from crossroads.engine import asserting

            (chosen,) = answer["chosen_options"]
            kind = MEANT[chosen]
            if kind == "later":
                raise AirflowSkipException("Nobody decided; they are asked about again.")
            word = asserting.Word(
                a, b, kind, answer["responded_by_user"]["id"], answer["params_input"]["reason"]
            )
            try:
                perform(asserting.say, word, mark if kind == asserting.SAME else None)
            except asserting.Moved as moved:
                raise AirflowSkipException(str(moved)) from None

        carry_out(a, b, mark, ask.output)

    pair.expand_kwargs(doubtful())


stewards()
