"""One page holds tests, coverage, benchmarks and drills."""

from pathlib import Path

from setup.quality_page import page

RESULTS = """<testsuites><testsuite>
<testcase classname="tests.lake.test_run" name="a" time="1.5"/>
<testcase classname="tests.lake.test_run" name="b" time="0.5"><failure message="no"/></testcase>
</testsuite></testsuites>"""
COVERED = '{"files": {}, "totals": {"num_statements": 10, "missing_lines": 1, "percent_covered": 90}}'


def test_the_page_holds_all_three(tmp_path: Path) -> None:
    for name, text in {
        "tests/results.xml": RESULTS,
        "tests/coverage.json": COVERED,
        "bench.jsonl": '{"bench": "fold", "peer": "x", "ours": 4}\n{"bench": "fold", "peer": "x", "ours": 5}\n',
        "drills.jsonl": '{"drill": "kill", "lost": 0}\n{"drill": "parity", "lost": 0, "cases": 9}\n',
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    text = page(tmp_path)
    assert "<td>tests.lake</td><td>2</td><td>1</td><td>0</td><td>2.0</td>" in text
    assert "90.0 %" in text
    assert "<tr><th>bench</th><th>peer</th><th>ours</th></tr><tr><td>fold</td><td>x</td><td>5</td></tr></table>" in text
    assert "<tr><td>kill</td><td>0</td><td></td></tr><tr><td>parity</td><td>0</td><td>9</td></tr>" in text


def test_an_empty_folder_gives_a_page_that_says_so(tmp_path: Path) -> None:
    assert page(tmp_path).count("nothing yet") == 4
