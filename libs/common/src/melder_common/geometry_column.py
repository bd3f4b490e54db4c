"""The type of a PostGIS column. GeoAlchemy2 would bring Shapely and NumPy into every process."""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, func
from sqlalchemy.types import UserDefinedType


class Geometry(UserDefinedType[str]):
    """``geometry(kind, srid)``; values go in as EWKT text and are read through SQL functions."""

    cache_ok = True

    def __init__(self, kind: str, srid: int) -> None:
        self.kind = kind
        self.srid = srid

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return f"geometry({self.kind},{self.srid})"

    def bind_expression(self, bindvalue: BindParameter[str]) -> ColumnElement[str]:
        """Text in, geometry out."""
        return func.ST_GeomFromEWKT(bindvalue, type_=self)
