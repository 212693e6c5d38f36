def test_device_tables_name_the_raw_tables_behind_them(suite):
    assert suite.reads("machines") == ("countries", "machines")
    assert suite.reads("apps") == ("crashes",)


def test_a_suite_without_tables_keeps_what_others_read(suite):
    less = suite.without({"apps"})
    assert [table.name for table in less.schema.tables] == ["machines", "crashes"]
    assert set(less.sources) == set(suite.sources)
    assert set(less.device_files) == {"machines", "crashes"}
    assert suite.without(()) == suite


def test_an_empty_raw_table_has_the_types_of_its_ddl(suite):
    empty = suite.sources["crashes"].empty()
    assert empty.column_names == ["guid", "ts", "app", "weight"]
    assert [str(kind) for kind in empty.schema.types[1:]] == [
        "timestamp[us]",
        "string",
        "double",
    ]
