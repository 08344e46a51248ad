"""What raters say of themselves, or others declare of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class RaterStatement:
    """Who a rater is, as far as it was declared; "" and None where nothing was said.

    Parameters
    ----------
    qualification, certification, role
        In the declarer's words.
    years
        Of experience, >= 0.
    declared_by, date
        Who said so, and when.
    guideline_version
        Which guideline the rater annotated by.
    blinded
        Whether the rater saw neither the others' annotations nor the reference.
    other
        What else was declared, by column.
    """

    qualification: str = ""
    years: float | None = None
    certification: str = ""
    role: str = ""
    declared_by: str = ""
    date: str = ""
    guideline_version: str = ""
    blinded: bool | None = None
    other: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "other", dict(self.other))

    def without_names(self) -> RaterStatement:
        """Return it without the parts that may name someone: who declared it, and all else."""
        return RaterStatement(
            qualification=self.qualification,
            years=self.years,
            certification=self.certification,
            role=self.role,
            date=self.date,
            guideline_version=self.guideline_version,
            blinded=self.blinded,
        )

    def facts(self) -> dict[str, str | float | bool]:
        """Return what was said, by name; nothing for what was not."""
        said: dict[str, str | float | bool | None] = {
            "qualification": self.qualification,
            "years": self.years,
            "certification": self.certification,
            "role": self.role,
            "declared_by": self.declared_by,
            "date": self.date,
            "guideline_version": self.guideline_version,
            "blinded": self.blinded,
            **self.other,
        }
        return {name: value for name, value in said.items() if value is not None and value != ""}

    def sentence(self) -> str:
        """Return all that was said in one line."""
        return "; ".join(
            f"{name.replace('_', ' ')}: {_shown(v)}" for name, v in self.facts().items()
        )


def _shown(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else value
