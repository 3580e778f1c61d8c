"""An award package is computed again by evaluation and seal_core alone, and no change of it goes unnoticed."""

from __future__ import annotations

import copy
import io
import json
import random
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from evaluation._sm3 import sm3
from evaluation.package import MANIFEST, SIGNATURE, PackageCode, PackageRefused, build_package, read_package
from evaluation.panel_entropy import canonical
from evaluation.ranking import RankingRules, Standing, rank
from evaluation.recompute import main, recompute
from evaluation.recompute_book import WORDS
from evaluation.scoring import ScoringRules
from seal_core import PrivateKey
from tools.bench._package import AT, Maker

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def maker() -> Maker:
    return Maker()


@pytest.fixture(scope="module")
def package(maker: Maker) -> bytes:
    return maker.sealed()


def codes(data: bytes, **facts: str) -> set[str]:
    outcome = recompute(data, **facts)
    assert all(row.sentence for row in outcome.differences)
    return {row.code for row in outcome.differences}


def test_a_package_agrees_and_says_what_it_holds(maker: Maker, package: bytes, tmp_path: Path, capsys: Any) -> None:
    outcome = recompute(package)
    assert outcome.ok, [row.sentence for row in outcome.differences]
    assert [place for place, _, _ in outcome.ranking] == [1, 2, 3, 4]
    assert outcome.selected == maker.data["result/selection.json"]["now"]
    assert outcome.facts["signatures"] == len(maker.records) + 1
    assert 0 < float(outcome.facts["signature_seconds"]) < float(outcome.facts["seconds"])
    path = tmp_path / "package.zip"
    path.write_bytes(package)
    assert main([str(path), "--root", outcome.facts["root"]]) == 0
    assert capsys.readouterr().out.endswith("everything agrees\n")
    assert main([str(path), "--json", "--root", "0" * 64]) == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["ok"] and [row["code"] for row in told["differences"]] == ["root"]
    assert main([str(tmp_path / "nothing.zip")]) == 2
    assert recompute(package + b" ").differences[0].facts["why"] == "package_repacked"


def test_it_needs_neither_flask_nor_sqlalchemy_nor_the_application(package: bytes, tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(package)
    blocked = textwrap.dedent(
        """
        import importlib.abc, runpy, sys
        FORBIDDEN = {"app", "onboarding", "flask", "sqlalchemy", "werkzeug", "rfc8785", "numpy", "pandas", "openpyxl"}

        class Wall(importlib.abc.MetaPathFinder):
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in FORBIDDEN:
                    raise ImportError(f"{name} is not to be had here")

        sys.meta_path.insert(0, Wall())
        sys.argv = ["recompute", *sys.argv[1:]]
        runpy.run_module("evaluation.recompute", run_name="__main__")
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", blocked, str(path)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "everything agrees" in done.stdout


def test_a_changed_byte_of_any_file_is_found_whether_the_manifest_was_remade_or_not(
    maker: Maker, package: bytes
) -> None:
    files = read_package(package)
    stranger = PrivateKey.generate()
    for name in files:
        changed = {**files, name: files[name][:-1] + bytes([files[name][-1] ^ 1])}
        assert codes(build_package(changed)), name
        if name not in (MANIFEST, SIGNATURE):
            # A forger makes the digests anew, and a signature with whatever key there is.
            contents = {key: data for key, data in changed.items() if key not in (MANIFEST, SIGNATURE)}
            assert codes(maker.sealed(contents, stranger)), name
    assert "file_missing" in codes(build_package({k: v for k, v in files.items() if k != "review/votes.json"}))
    assert codes(build_package({**files, "more.json": b"{}"})) == {"file_unlisted"}


def record(data: dict[str, Any], kind: str, at: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = [row for row in data["review/signed.json"]["signed"] if row["kind"] == kind][at]
    return found


def in_sheet(data: dict[str, Any]) -> None:
    record(data, "score_sheet", 3)["payload"]["scores"][7]["value"] = "9.5"


def in_sheet_and_digest(maker: Maker) -> Callable[[dict[str, Any]], None]:
    """The score, its sum and its digest; only the seat's key is not the forger's."""

    def change(data: dict[str, Any]) -> None:
        row = record(data, "score_sheet", 3)
        signature = row["signature"]
        line = row["payload"]["scores"][7]
        moved = Decimal(line["value"]) + Decimal("0.5")
        line["value"] = format(moved.normalize(), "f")
        row["payload"]["total"] = format((Decimal(row["payload"]["total"]) + Decimal("0.5")).normalize(), "f")
        maker.resign(row)
        row["signature"] = signature

    return change


def signed_by_another_seat(maker: Maker) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        row, other = record(data, "score_sheet", 3), record(data, "score_sheet", 4)
        row["key"] = other["key"]

    return change


def in_ballot(data: dict[str, Any]) -> None:
    record(data, "ballot", 1)["payload"]["choice"] = "no"


def in_answer(data: dict[str, Any]) -> None:
    record(data, "qualification_sheet", 1)["payload"]["answers"][0]["passed"] = False


def in_text(data: dict[str, Any]) -> None:
    record(data, "ballot", 0)["payload"]["reason"]["text"] = "another reason"


def amendment_left_out(data: dict[str, Any]) -> None:
    signed = data["review/signed.json"]["signed"]
    sheets = [row for row in signed if row["kind"] == "score_sheet" and row["number"] == 2]
    signed.remove(sheets[0])
    first = next(row for row in signed if row["kind"] == "score_sheet" and not row["in_force"])
    first["in_force"] = True
    for at, row in enumerate(signed, 1):
        row["no"] = at


def ballot_left_out(data: dict[str, Any]) -> None:
    record(data, "ballot", 2)["in_force"] = False


def swapped(key: str, name: str, at: int) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        rows = data[key][name]
        rows[at], rows[at + 1] = rows[at + 1], rows[at]

    return change


def put(key: str, *way: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        here = data[key]
        for step in way[:-2]:
            here = here[step]
        here[way[-2]] = way[-1]

    return change


INSIDER: dict[str, tuple[Any, str]] = {
    "score": (in_sheet, "record_digest"),
    "score, sum and digest": (in_sheet_and_digest, "record_signature"),
    "certificate of a sheet": (signed_by_another_seat, "record_seat"),
    "vote": (in_ballot, "record_signature"),
    "answer": (in_answer, "record_digest"),
    "text": (in_text, "record_digest"),
    "digest": (put("review/signed.json", "signed", 9, "digest", "0" * 64), "record_digest"),
    "signature": (put("review/signed.json", "signed", 9, "signature", "3006020101020101"), "record_signature"),
    "an amendment left out": (amendment_left_out, "report_record"),
    "a ballot left out": (ballot_left_out, "record_in_force"),
    "order of the record": (swapped("review/signed.json", "signed", 12), "record_order"),
    "order of the ranking": (swapped("result/ranking.json", "ranking", 1), "ranking_order"),
    "rank": (put("result/ranking.json", "ranking", 0, "rank", 2), "rank"),
    "shown score": (put("result/ranking.json", "ranking", 1, "score", "99.00"), "rank"),
    "sum": (put("result/ranking.json", "ranking", 1, "total", "1"), "report_ranking"),
    "tie steps": (put("result/ranking.json", "ranking", 1, "tie_steps", [{"step": "lottery"}]), "rank"),
    "name": (put("review/vendors.json", "vendors", 0, "name", "another"), "vendor_name"),
    "name in the releases": (
        put("ocds/releases.json", "releases", 0, "parties", 0, "name", "another"), "ocds",
    ),
    "reference": (put("review/vendors.json", "vendors", 0, "ref", "0" * 64), "record_vendor"),
    "stage": (put("review/vendors.json", "vendors", 5, "stage", "qualified"), "qualified"),
    "ground": (put("review/vendors.json", "vendors", 5, "elimination", 0, "grounds", ["2"]), "elimination"),
    "licence": (put("review/vendors.json", "vendors", 2, "licence", "licence-9"), "qualified"),
    "count of a vote": (put("review/votes.json", "disputes", 0, "yes", 5), "vote"),
    "who of a group": (put("review/groups.json", "groups", 0, "chosen", 3), "group"),
    "reveal of the draw": (put("draws/draw-1.json", "reveals", "organiser", "00" * 32), "draw"),
    "reveal of the lottery": (put("draws/lottery-1.json", "reveals", "organiser", "00" * 32), "lottery_proof"),
    "order of the lottery": (put("draws/lottery-1.json", "orders", 0, []), "lottery_proof"),
    "lottery value": (put("result/ranking.json", "lottery", "30571"), "lottery"),
    "order of the draw": (swapped("draws/draw-1.json", "drawn", 0), "draw"),
    "who sits": (swapped("review/seats.json", "seats", 4), "seat_numbers"),
    "another's position": (put("review/seats.json", "seats", 0, "position", 2), "seat_not_drawn"),
    "plan": (None, "plan_digest"),
    "report's digest": (put("result/report.json", "sm3", "d" * 64), "report_digest"),
    "position": (put("result/report.json", "positions", 0, "position", "dissent"), "report_position"),
    "selected": (swapped("result/selection.json", "selected", 0), "selection"),
    "shortfall": (put("result/selection.json", "shortfall", 1), "selection"),
    "who moved up": (put("result/selection.json", "changes", 0, "moved_up", 3), "substitution"),
    "who holds a place": (swapped("result/selection.json", "now", 0), "selection"),
    "fee": (put("result/fees.json", "rounds", 0, "lines", 0, "amount", "2500.02"), "fee_lines"),
    "an expert's fee": (put("result/fees.json", "experts", 0, "amount", "1.00"), "fee_experts"),
    "a bid's status": (
        put("ocds/releases.json", "releases", 0, "bids", "details", 0, "status", "disqualified"), "ocds",
    ),
    "an award": (put("ocds/releases.json", "releases", 0, "awards", 1, "status", "cancelled"), "ocds"),
    "a shape": (put("review/votes.json", "disputes", 5), "malformed"),
}


@pytest.mark.parametrize("what", INSIDER)
def test_a_change_is_found_even_where_the_manifest_is_signed_by_the_installation(maker: Maker, what: str) -> None:
    change, code = INSIDER[what]
    changed = copy.copy(maker)
    changed.data = copy.deepcopy(maker.data)
    if what == "who sits":
        rows = changed.data["review/seats.json"]["seats"]
        rows[4]["number"], rows[5]["number"] = None, 6
        rows[5]["stage"] = "active"
    elif what == "plan":
        changed.plan = maker.plan.replace(b"value = 2 }", b"value = 3 }")
        assert changed.plan != maker.plan
    elif change in (in_sheet_and_digest, signed_by_another_seat):
        change(maker)(changed.data)
    else:
        change(changed.data)
    found = codes(changed.sealed())
    assert code in found, found
    if what == "plan":
        # Stated anew, it is not the plan that the panel signed under.
        changed.digest = sm3(changed.plan).hex()
        assert {"record_foreign", "selection"} <= codes(changed.sealed())


def test_certificates_of_another_authority_and_of_another_seat_are_found(maker: Maker) -> None:
    files, other = maker.contents(), Maker(vendors=4, eventful=False)
    mine = sorted(name for name in files if name.startswith("certificates/seats/"))
    theirs = other.contents()
    for name in ("certificates/root.pem", "certificates/issuing.pem"):
        assert "certificate" in codes(maker.sealed({**files, name: theirs[name]}))
    swapped_files = {**files, mine[0]: files[mine[1]], mine[1]: files[mine[0]]}
    assert codes(maker.sealed(swapped_files)) == set()  # a file's name tells nothing: the certificate counts
    gone = {name: data for name, data in files.items() if name != mine[0]}
    assert "record_key" in codes(maker.sealed(gone))
    foreign = next(data for name, data in theirs.items() if name.startswith("certificates/seats/"))
    assert "record_key" in codes(maker.sealed({**files, mine[0]: foreign}))


def test_what_a_revoked_key_signed_counts_up_to_its_revocation(maker: Maker) -> None:
    files, first = maker.contents(), maker.data["review/signed.json"]["signed"][0]
    certificate, _ = maker.seat_keys[first["payload"]["seat"]]
    for after, expected in ((timedelta(seconds=1), {"certificate"}), (timedelta(hours=1), set())):
        authority = copy.copy(maker.authority)
        authority.revoked = {}
        authority.revoke(certificate.serial, now=AT + after)
        listed = {**files, "certificates/revoked.crl": authority.crl(now=AT + timedelta(days=1))}
        assert codes(maker.sealed(listed)) == expected
    other = Maker(vendors=4, eventful=False).authority.crl(now=AT + timedelta(days=1))
    assert codes(maker.sealed({**files, "certificates/revoked.crl": other})) == {"revocations"}


def test_a_withheld_text_still_verifies(maker: Maker) -> None:
    from evaluation.references import signed_form

    withheld = copy.copy(maker)
    withheld.data = copy.deepcopy(maker.data)
    for row in withheld.data["review/signed.json"]["signed"]:
        row["payload"] = signed_form(row["payload"])
    for row in withheld.data["review/vendors.json"]["vendors"]:
        del row["name"], row["credit_code"], row["salt"]
    data = withheld.sealed()
    assert b"not proved" not in data and recompute(data).ok


def zipped(*entries: tuple[str, bytes], compress: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compress) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def test_hostile_packages_are_one_clear_error(package: bytes) -> None:
    def refused(data: bytes) -> PackageCode:
        outcome = recompute(data)
        assert [row.code for row in outcome.differences] == ["malformed"]
        with pytest.raises(PackageRefused) as caught:
            read_package(data)
        assert isinstance(caught.value.code, PackageCode)
        return caught.value.code

    for cut in (0, 1, 100, len(package) // 2, len(package) - 1):
        assert refused(package[:cut]) is PackageCode.UNREADABLE
    assert refused(b"not a zip") is PackageCode.UNREADABLE
    for name in ("../evil.json", "/etc/passwd", "a\\b.json", "C:/x", "a//b", "文件.json", "a/"):
        assert refused(zipped((name, b"{}"))) is PackageCode.NAME
    with pytest.warns(UserWarning, match="Duplicate name"):
        doubled = zipped(("a.json", b"{}"), ("a.json", b"[]"))
    assert refused(doubled) is PackageCode.DOUBLED
    bomb = zipped(("a.json", b"0" * 10_000_000), compress=zipfile.ZIP_DEFLATED)
    assert refused(bomb) is PackageCode.COMPRESSED
    assert refused(zipped(*((f"f{at}.json", b"") for at in range(5_001)))) is PackageCode.TOO_MANY
    # Something may hide between the entries of a package that other software packed.
    assert refused(zipped(*sorted(read_package(package).items()))) is PackageCode.REPACKED
    assert refused(b"hidden" + package) is PackageCode.REPACKED
    deep = b"[" * 100_000
    for data in (deep, b"{", b'{"a": 1.5}', b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\xff", b"[]", b"null"):
        found = recompute(build_package({MANIFEST: data, SIGNATURE: b"{}"})).differences
        assert found and found[0].code == "malformed"


@pytest.mark.parametrize(
    "value", ["NaN", "1e9", "-0", "-1", "10.5", "9.25", "12345678901234567890.5", "", "٣", None, 7, [], {}]
)
def test_a_score_that_is_none_is_a_difference_and_no_crash(maker: Maker, value: Any) -> None:
    changed = copy.copy(maker)
    changed.data = copy.deepcopy(maker.data)
    for row in changed.data["review/signed.json"]["signed"]:
        if row["kind"] == "score_sheet" and row["payload"]["candidate"]["number"] == 1:
            row["payload"]["scores"][9]["value"] = value
            maker.resign(row)
    assert codes(changed.sealed()) & {"score", "malformed"}


def test_the_order_of_vendors_and_seats_and_a_replaced_experts_sheets_change_nothing(maker: Maker) -> None:
    chance = random.Random(7)
    plain = recompute(maker.sealed())
    for _ in range(3):
        mixed = copy.copy(maker)
        mixed.data = copy.deepcopy(maker.data)
        for name, key in (("vendors", "review/vendors.json"), ("seats", "review/seats.json")):
            chance.shuffle(mixed.data[key][name])
        outcome = recompute(mixed.sealed())
        assert outcome.ok and (outcome.ranking, outcome.selected) == (plain.ranking, plain.selected)
    # Somebody of the reserves who was replaced: what that person signed counts nowhere.
    replaced = copy.deepcopy(maker)
    replaced.seat_keys["P6"] = replaced._certificate({"OU": "review sample-review", "CN": "seat P6"})
    replaced.data["review/seats.json"]["seats"][5]["stage"] = "replaced"
    replaced.records = [row for row in replaced.records if row["kind"] != "report"]
    replaced.counts = {key: count for key, count in replaced.counts.items() if key != ("r",)}
    for number in replaced.qualified:
        replaced.score("P6", number, [Decimal(0)] * replaced.items)
        replaced.records[-1]["void"] = True
    replaced._result()
    outcome = recompute(replaced.sealed())
    assert outcome.ok and outcome.ranking == plain.ranking


def test_adding_a_losing_vendor_never_changes_the_order_of_the_others(maker: Maker) -> None:
    scoring = ScoringRules.from_plan(maker.rules["scoring"])
    rules = RankingRules.from_plan(maker.rules["ranking"])
    chance = random.Random(11)
    for _ in range(20):
        rows = [
            Standing(
                f"v{number}",
                {key: [Decimal(chance.randrange(2, 7)) / 2 for _ in range(5)] for key in scoring.keys},
            )
            for number in range(8)
        ]
        loser = Standing("v9", {key: [Decimal(0)] * 5 for key in scoring.keys})
        before = [row.key for row in rank(rows, scoring=scoring, rules=rules, lottery="17")]
        chance.shuffle(rows)
        after = [row.key for row in rank([loser, *rows], scoring=scoring, rules=rules, lottery="17")]
        assert after == [*before, "v9"]


def test_the_manifest_is_canonical_and_every_difference_has_words(package: bytes) -> None:
    files = read_package(package)
    assert canonical(json.loads(files[MANIFEST])) == files[MANIFEST]
    loose = {**files, MANIFEST: json.dumps(json.loads(files[MANIFEST]), indent=1).encode()}
    assert {"manifest_shape", "manifest_signature"} <= codes(build_package(loose))
    from app.wording import LABELS

    assert LABELS["award_difference"].keys() == WORDS.keys()
