# SPDX-License-Identifier: GPL-2.0-only
"""Every board keeps the interface, and programs use nothing else of a board."""

import argparse
import pathlib
import re
import unittest

import boards
from bms.errors import LabError

LAB = pathlib.Path(__file__).parents[1]
OF_A_BOARD = re.compile(r"^\s*(?:(?:from|import) boards\.|from boards import .*\b"
                        rf"(?:{'|'.join(boards.names())})\b)", re.MULTILINE)


def board_of(name):
    """A board of that name, made of files that are not there."""
    return boards.made(":".join([name, *boards.kind(name).FILES]))


class Seam(unittest.TestCase):
    def test_a_board_is_its_word(self):
        for name in boards.names():
            board = board_of(name)
            self.assertIsInstance(board, boards.Board)
            self.assertEqual((board.name, str(board)), (name, ":".join([name, *board.FILES])))

    def test_a_word_that_is_none_is_refused(self):
        for text in ("no-such-board:x", "uml:x", "pc", ""):
            with self.subTest(text), self.assertRaises(argparse.ArgumentTypeError):
                boards.made(text)

    def test_each_plays_or_says_why_not(self):
        plays = {name for name in boards.names() if boards.kind(name).play != boards.Board.play}
        self.assertLessEqual({"uml", "npcm750"}, plays)
        for name in boards.names():
            board = board_of(name)
            if name not in plays:
                self.assertTrue(board.unplayable(None))
                with self.assertRaises(LabError):
                    board.play(None, None)

    def test_the_recipes_of_those_that_play_have_names(self):
        for name in boards.names():
            if boards.kind(name).play != boards.Board.play:
                made = (boards.FOLDER / name / "board.mk").read_text()
                for variable in ("NEEDS", "BOARD"):
                    self.assertRegex(made, rf"(?m)^{variable}_{name} ")

    def test_each_overlay_is_a_board(self):
        overlays = {file.stem for file in LAB.parent.glob("Documentation/boards/*.dtso")}
        self.assertTrue(overlays)
        self.assertLessEqual(overlays, set(boards.names()))

    def test_what_is_of_a_board_is_told_from_the_rest(self):
        for text in ("import boards.uml.board", "from boards.uml import script",
                     "from boards import npcm750", "    from boards import HEALTHY, uml"):
            self.assertRegex(text, OF_A_BOARD)
        for text in ("import boards", "from boards import HEALTHY"):
            self.assertNotRegex(text, OF_A_BOARD)

    def test_programs_use_nothing_else_of_a_board(self):
        for path in (*LAB.glob("bms/*.py"), *LAB.glob("perf/*.py")):
            self.assertNotRegex(path.read_text(), OF_A_BOARD, path)


if __name__ == "__main__":
    unittest.main()
