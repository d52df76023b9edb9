"""What differs between owed and assembled texts: nothing is lost by what takes no word away."""

import pytest

from harness.judge.content import Account, Owed, account_of

FIRST, SECOND = Owed((" one two",), False, (1,)), Owed(("three\t",), False, (2,))


@pytest.mark.parametrize(
    ("assembled", "account"),
    [
        (" one twothree\t", Account()),
        ("one twothree", Account(rearranged="white space at the ends differs")),
        ("three\t one two", Account(rearranged="the same texts, divided otherwise")),
        ("three one two", Account(rearranged="white space at the ends differs")),
        ("three", Account(missing=[FIRST, SECOND])),
        ("three\t one", Account(missing=[FIRST])),
        ("threeone two, and four", Account(missing=[FIRST, SECOND], surplus=["threeone two, and four"])),
    ],
    ids=["whole", "trimmed", "in another order", "both", "one lost", "half lost", "and more"],
)
def test_white_space_at_the_ends_is_no_loss_in_whatever_order(assembled: str, account: Account) -> None:
    assert account_of([FIRST, SECOND], [assembled]) == account
