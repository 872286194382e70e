"""Rows of figures: kept as data, printed at once, written as Markdown. Each belongs to a table by its "table"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

Row: TypeAlias = dict[str, Any]
"""Column → figure; "table" says which table it is of."""

DIGITS: Final = {
    "ssim": ".5f", "worst": ".5f", "worst stretch": ".5f", "worst frame": ".5f",
    "mean distance": ".4f", "law (KS)": ".4f", "floor": ".4f", "log-likelihood": "+.3f", "distinct, %": ".1f",
    "measured": ".4g",
    "beyond 0.1 sd, %": ".2f", "fewest": ".2f", "most": ".2f",
}  # fmt: skip
"""Columns for which three digits are too few, too many, or unlike those of their neighbours."""


class Tables(list[Row]):
    """Rows of one benchmark, each printed when it is there: some take minutes."""

    def add(self, table: str, row: Row) -> None:
        """Keep a row and print it, under a head where its table begins."""
        if not self or self[-1]["table"] != table:
            print("\n" + "\n".join(head(list(row))))
        print(line(row, list(row)), flush=True)
        self.append({"table": table} | row)


def rows_of(rows: Iterable[Row], table: str) -> list[Row]:
    """A table's own rows, without its name."""
    return [{k: v for k, v in row.items() if k != "table"} for row in rows if row["table"] == table]


def markdown(rows: Iterable[Row]) -> str:
    """Rows as a table, with all columns that any of them has."""
    rows = list(rows)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return "\n".join([*head(columns), *(line(row, columns) for row in rows)])


def head(columns: list[str]) -> list[str]:
    return [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]


def line(row: Row, columns: list[str]) -> str:
    return f"| {' | '.join(shown(row.get(column), DIGITS.get(column)) for column in columns)} |"


def shown(value: Any, digits: str | None = None) -> str:
    """Three digits, or as many as are asked for; nothing for what there is none of."""
    if value is None:
        return ""
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    if digits is None:
        size = abs(value)
        digits = ".3g" if size < 1 else ".2f" if size < 10 else ".1f" if size < 100 else ",.0f"
    return format(value, digits)
