import pytest

from ringmain.setup.lines import Path, find_line

TEXT = '''\
# a comment with [a.table] = "in it"
title = "x"
many = [
    1, # ] not the end
    [2, "]"],
]

[[companies]]          # line 8
key = "a"
profile.address.city = "Rome"
  [[companies.people]]
  email = "one"
  [[companies.people]] # line 13
  email = """two
[[companies.people]]
email = "no"
"""
  "first name" = 'x'
  [companies.people.profile]
  "a\\u0062c" = {b = 1, c = [ { d = 2 } ]}

[[companies]]
key = 'b'
text = \'\'\'
[[companies]]\'\'\'
  [companies.profile.address]
  city = "Oslo"
  people = [
    {email = "x"},
    {email = "y"},
  ]
[other . "dotted.key"]
last = 1 #'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("many",), 3),
        (("many", 1, 0), 3),
        (("companies",), 8),
        (("companies", 0), 8),
        (("companies", 0, "key"), 9),
        (("companies", 0, "missing"), 8),
        (("companies", 0, "profile"), 10),
        (("companies", 0, "profile", "address", "city"), 10),
        (("companies", 0, "people", 0), 11),
        (("companies", 0, "people", 0, "email"), 12),
        (("companies", 0, "people", 1), 13),
        (("companies", 0, "people", 1, "email"), 14),
        (("companies", 0, "people", 1, "first name"), 18),
        (("companies", 0, "people", 1, "profile"), 19),
        (("companies", 0, "people", 1, "profile", "abc", "c", 0, "d"), 20),
        (("companies", 1), 22),
        (("companies", 1, "key"), 23),
        (("companies", 1, "text"), 24),
        (("companies", 1, "profile", "address", "city"), 27),
        (("companies", 1, "profile", "address", "people", 1, "email"), 28),
        (("other", "dotted.key", "last"), 33),
        (("nowhere",), 1),
        ((), 1),
    ],
)
def test_where_values_stand(path: Path, line: int) -> None:
    assert find_line(TEXT, path) == line


@pytest.mark.parametrize("text", ["", "\n", "# only", "a = 1", "a = 1 # end", "[a]", 'a = """x"""', "a = [1,\n2]"])
def test_every_text_has_an_end(text: str) -> None:
    assert find_line(text, ("a",)) == 1


def test_windows_line_ends() -> None:
    assert find_line('a = 1\r\n\r\n[[b]]\r\nc = "x"\r\n', ("b", 0, "c")) == 4
