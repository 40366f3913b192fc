"""One client does one thing to one lake table: python client.py CLIENT ACTION TABLE, with where the lake is as JSON on stdin.

Each action is a commit of its own, by the client's own functions. HOME is a folder of the test's, with DuckDB's extensions.
"""

import json
import sys

import pyarrow as pa
import pyarrow.compute as pc

COLUMNS = pa.schema([("k", pa.string()), ("v", pa.int32()), ("w", pa.int32())])


def rows(*found):
    return pa.table({name: pa.array([row[i] for row in found], COLUMNS.field(name).type) for i, name in enumerate("kvw")})


FEW = rows(("a", 1, 1), ("c", 7, 1))
MANY = rows(*(("b", v, 1) for v in range(50)))


def plain_duckdb(lake, table):
    import duckdb

    connection = duckdb.connect()
    connection.execute("load ducklake")
    connection.execute(
        f"attach 'ducklake:postgres:{lake['conninfo']}' as lake (data_path '{lake['dataPath']}', metadata_schema 'ducklake')"
    )

    def insert(data):
        connection.register("data", data)
        connection.execute(f"insert into lake.{table} from data")

    return {
        "insert few": lambda: insert(FEW),
        "insert many": lambda: insert(MANY),
        "update": lambda: connection.execute(f"update lake.{table} set v = 99 where k = 'a' and v < 3"),
        "delete": lambda: connection.execute(f"delete from lake.{table} where k = 'b' and v > 20"),
    }


def pyducklake(lake, table):
    import duckdb
    from pyducklake import Catalog

    # Its Catalog has no argument for the catalog's schema: a secret has.
    with duckdb.connect() as connection:
        connection.execute("load ducklake")
        connection.execute(
            f"create or replace persistent secret lake_catalog (type ducklake, metadata_path 'postgres:{lake['conninfo']}', "
            f"metadata_schema 'ducklake', data_path '{lake['dataPath']}')"
        )
    found = Catalog("lake", "lake_catalog").load_table(table)
    return {
        "insert few": lambda: found.append(FEW),
        "insert many": lambda: found.append(MANY),
        "update": lambda: found.upsert(rows(("c", 8, 2), ("d", 6, 0)), ["k"]),
        "delete": lambda: found.delete("k = 'b' and v > 20"),
        "roll back": lambda: found.rollback_to_snapshot(lake["snapshot"]),
    }


def ducklakepy(lake, table):
    from ducklakepy import DuckLakeCatalog

    catalog = DuckLakeCatalog(
        "lake",
        url=lake["url"].replace("postgresql:", "postgresql+psycopg:"),
        data_path=lake["dataPath"].rstrip("/") + "/",
        metadata_schema="ducklake",
    )
    found = catalog.load_table(f"main.{table}")
    small = (pc.field("k") == "a") & (pc.field("v") < 3)
    return {
        "insert few": lambda: found.append(FEW),
        "insert many": lambda: found.append(MANY),
        "update": lambda: found.update(small, {"v": 99}),
        "delete": lambda: found.delete((pc.field("k") == "b") & (pc.field("v") > 20)),
    }


def ducklake_sdk(lake, table):
    # It updates and deletes nothing by itself, and has no argument for the catalog's schema: its role has a search_path.
    import ducklake
    import polars

    found = ducklake.connect(lake["url"]).table(table)
    return {
        "insert few": lambda: found.write_polars(polars.from_arrow(FEW)),
        "insert many": lambda: found.write_polars(polars.from_arrow(MANY)),
    }


def ducklake_dataframe(lake, table):
    # The functions for Polars and Pandas write by this class.
    from ducklake_core._writer import DuckLakeCatalogWriter

    writer = DuckLakeCatalogWriter(lake["url"])

    def small(found):
        return pc.and_(pc.equal(found["k"], "a"), pc.less(found["v"], 3))

    def large(found):
        return pc.and_(pc.equal(found["k"], "b"), pc.greater(found["v"], 20))

    return {
        "insert few": lambda: writer.insert_data(FEW, table),
        "insert many": lambda: writer.insert_data(MANY, table),
        "update": lambda: writer.update_data({"v": 99}, small, table),
        "delete": lambda: writer.delete_data(large, table),
    }


CLIENTS = {
    "duckdb": plain_duckdb,
    "pyducklake": pyducklake,
    "ducklakepy": ducklakepy,
    "ducklake-sdk": ducklake_sdk,
    "ducklake-dataframe": ducklake_dataframe,
}

client, action, table = sys.argv[1:]
CLIENTS[client](json.load(sys.stdin), table)[action]()
