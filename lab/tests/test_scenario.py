# SPDX-License-Identifier: GPL-2.0-only
"""Scenario files are read strictly, and judged as they are written."""

import pathlib
import tempfile
import unittest

from bms import scenario as language
from bms.errors import LabError
from bms.pins import PinLog

BANK = "bank measured cells=8 batteries=2\n"
END = "90 end\nexpect LD=1@[6,end]\n"


class Files(unittest.TestCase):
    """With a folder for scenario files."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, text, name="some.scn"):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def read(self, text):
        return language.read(self.write(text))

    def world(self, text):
        """A scenario and the world after all of its changes."""
        scenario = self.read(text)
        world = language.World(scenario)
        for time, changes in scenario.events:
            for item in changes:
                world.change(time, item)
        return world


class Good(Files):
    def test_title_bank_and_end(self):
        scenario = self.read("# U1: a title\n# no title\n" + BANK + "0 PWR=1\n" + END)
        self.assertEqual(scenario.title, "U1: a title")
        self.assertEqual((scenario.kind, scenario.cells, scenario.batteries), ("measured", 8, 2))
        self.assertEqual(scenario.end, 90)
        self.assertTrue(scenario.measured)
        self.assertFalse(scenario.signals)

    def test_both(self):
        scenario = self.read("bank both cells=160 batteries=20\n0 ATD=0 V160=2 T20=1\n" + END)
        self.assertTrue(scenario.measured and scenario.signals)

    def test_expectations(self):
        scenario = self.read(BANK + "90 end\nexpect PA -> 1 @ [ 1 , 2.5 ]\nexpect RD=0@[3,end]\n"
                             "expect n(CD) <= 2\nexpect warned # a remark\n")
        edge, level, count, warned = scenario.expectations
        self.assertEqual((edge.kind, edge.pin, edge.level, edge.begin, edge.end),
                         ("edge", "PA", "1", 1, 2.5))
        self.assertEqual((level.kind, level.level, level.end, level.line), ("level", "0", 90, 4))
        self.assertEqual((count.kind, count.pin, count.count), ("count", "CD", 2))
        self.assertEqual(warned.kind, "warned")

    def test_events_in_order_of_time(self):
        scenario = self.read(BANK + "20 V=3\n10 V=2 T1=4\n" + END)
        self.assertEqual([time for time, _ in scenario.events], [10, 20])
        self.assertEqual([item.key for item in scenario.events[0][1]], ["V", "T"])

    def test_repeat(self):
        scenario = self.read(BANK + "repeat 3 every 20.1 from 10: 0 V2=0.9; 0.2 V2=3.30\n" + END)
        self.assertEqual([time for time, _ in scenario.events],
                         [10, 10.2, 30.1, 30.3, 50.2, 50.4])

    def test_ramp(self):
        world = self.world(BANK + "10 V3>3.80/100 ILD>2/10\n60 V3>3.05/0.5\n" + END)
        self.assertAlmostEqual(world.voltage(3).at(60), 3.55)
        self.assertAlmostEqual(world.voltage(3).at(60.25), 3.30)
        self.assertAlmostEqual(world.voltage(3).at(1000), 3.05)
        self.assertEqual(world.voltage(4).at(60), 3.30)
        self.assertAlmostEqual(world.load_current.at(15), 1)

    def test_one_cell_keeps_its_own(self):
        text = BANK + "0 V7=2\n1 V=3\n"
        self.assertEqual(self.world(text + END).voltage(7).at(5), 2)
        self.assertEqual(self.world(text + "2 V7=x\n" + END).voltage(7).at(5), 3)

    def test_supply_is_one_string_until_set(self):
        self.assertAlmostEqual(self.world(BANK + "0 V=3 V8=2\n" + END).supply_at(1), 23)
        self.assertEqual(self.world(BANK + "0 SUP=13\n" + END).supply_at(1), 13)
        self.assertAlmostEqual(self.world("bank signals\n" + END).supply_at(1), 13.2)
        self.assertEqual(self.read("bank measured cells=80 batteries=1\n" + END).string_cells, 16)

    def test_remote(self):
        for words, expected in (("", (False, False)), ("BR=1", (True, True)),
                                ("H=hi", (True, False)), ("H=lo", (False, False)),
                                ("L=lo", (False, True)), ("L=hi", (False, False))):
            with self.subTest(words):
                world = self.world(BANK + f"0 PWR=1 {words}\n" + END)
                self.assertEqual((world.remote_h, world.remote_l), expected)

    def test_every_write_of_a_setting_is_kept(self):
        world = self.world(BANK + "0 cfg.uv=2.7\n1 cfg.pre=3\n2 cfg.uv=9\n" + END)
        self.assertEqual(world.settings, [("cfg.uv", 2.7), ("cfg.pre", 3), ("cfg.uv", 9)])


class Outside(Files):
    """Options, keys and expectations about what is outside the driver."""

    def values(self, words, bank=BANK):
        (_, changes), = self.read(f"{bank}0 {words}\n{END}").events
        return [(item.number, item.value) if item.number else item.value for item in changes]

    def test_options(self):
        scenario = self.read("bank measured cells=160 batteries=20 converters=20 convert=10 "
                             "heartbeat=1 memory=0 current=1 capacity=100.5\n" + END)
        self.assertEqual(scenario.flags, {"heartbeat", "current"})
        self.assertEqual((scenario.converters, scenario.convert_ms, scenario.capacity_ah),
                         (20, 10, 100.5))
        scenario = self.read("bank signals sleep=1 loadoff=1\n" + END)
        self.assertEqual(scenario.flags, {"sleep", "loadoff"})
        self.assertEqual((scenario.converters, scenario.convert_ms, scenario.capacity_ah),
                         (1, 0, None))

    def test_pins(self):
        self.assertEqual(self.read(BANK + END).pins, ("LD", "CD", "PA", "BL", "RD"))
        scenario = self.read("bank signals chargewarn=1 heartbeat=1\n90 end\n"
                             "expect EN->0@[1,2]\nexpect CW=Z@[1,2]\nexpect n(CW)<=2\n")
        self.assertEqual(scenario.pins, ("LD", "CD", "PA", "BL", "RD", "EN", "CW"))

    def test_words(self):
        self.assertEqual(self.values("OUT=ok OUT=err OUT=hang OUT=err*3"),
                         [("ok", 0), ("err", 0), ("hang", 0), ("err", 3)])
        self.assertEqual(self.values("HOST=reboot HOST=sleep/5"), [("reboot", 0), ("sleep", 5)])
        self.assertEqual(self.values("SETTLE=15 LD.pin=high SENS=hang TS=hang IRQ=lost OP=clear"),
                         [15, "high", "hang", "hang", "lost", "clear"])
        self.assertEqual(self.values("CONV3=err", BANK.replace("\n", " converters=3\n")),
                         [(3, "err")])
        self.assertEqual(self.values("MEM=blank I=-5 CW.pin=low",
                                     "bank signals memory=1 current=1 chargewarn=1\n"),
                         ["blank", -5, "low"])

    def test_world(self):
        world = self.world("bank measured cells=4 batteries=1 current=1\n"
                           "0 OUT=err*2 CONV1=hang PA.pin=low HOST=rebind OP=clear\n"
                           "10 I>-5/10\n" + END)
        self.assertEqual(world.word["OUT"], ("err", 2))
        self.assertEqual(world.converters, {1: "hang"})
        self.assertEqual((world.word["PA.pin"], world.word["CD.pin"]), ("low", "free"))
        self.assertAlmostEqual(world.bank_current.at(15), -2.5)

    def test_files(self):
        scenario = self.read(BANK + "90 end\nexpect sys:capacity_level = Not_charging@[72,80]\n"
                             "expect sys:cut_in_ms!=-@[5,end]\n")
        first, second = scenario.expectations
        self.assertEqual((first.kind, first.pin, first.level, first.begin, first.end),
                         ("is", "capacity_level", "Not_charging", 72, 80))
        self.assertEqual((second.kind, second.level, second.end), ("is not", "-", 90))
        self.assertEqual(scenario.files, ["capacity_level", "cut_in_ms"])


class Bad(Files):
    def refused(self, text, line, message):
        path = self.write(text)
        with self.assertRaises(LabError) as caught:
            language.read(path)
        self.assertIn(message, str(caught.exception))
        if line:
            self.assertTrue(str(caught.exception).startswith(f"{path}:{line}: "),
                            str(caught.exception))

    def test_changes(self):
        for line, message in (
                ("10 W=3", "unknown key \"W\""),
                ("10 cfg.warning=3", "unknown key"),
                ("10 V", "not KEY=VALUE"),
                ("10 V=", "not KEY=VALUE"),
                ("10 V=x", "not a number"),
                ("10 V=nan", "not a number"),
                ("10 V=3,1", "not a number"),
                ("10 V9=3", "no \"V9\" in a bank with 8"),
                ("10 V0=3", "no \"V0\""),
                ("10 T3=3", "no \"T3\" in a bank with 2"),
                ("10 SUP2=3", "\"SUP\" has no number"),
                ("10 PWR=2", "PWR=2 is none of 0, 1"),
                ("10 H=high", "H=high is none of hi, lo, f"),
                ("10 SENS=open", "none of ok, err, hang"),
                ("10 OUT=err*0", "OUT=err*0 is none of ok, err, hang, err*COUNT"),
                ("10 OUT=ok*3", "OUT=ok*3 is none of"),
                ("10 HOST=sleep", "HOST=sleep is none of reboot, rebind, sleep/SECONDS"),
                ("10 HOST=sleep/0", "HOST=sleep/0 is none of"),
                ("10 HOST=halt", "HOST=halt is none of"),
                ("10 SETTLE=-1", "not a number of milliseconds"),
                ("10 LD.pin=1", "LD.pin=1 is none of free, high, low"),
                ("10 BL.pin=high", "unknown key \"BL.pin\""),
                ("10 OP=on", "OP=on is none of clear, loadoff"),
                ("10 IRQ=err", "IRQ=err is none of ok, lost"),
                ("10 CONV2=err", "no \"CONV2\" in a bank with 1"),
                ("10 CONV=err", "which converter?"),
                ("10 CW.pin=low", "without chargewarn=1 has no \"CW.pin\""),
                ("10 MEM=err", "without memory=1 has no \"MEM\""),
                ("10 I=3", "without current=1 has no \"I\""),
                ("10 OUT>err/3", "cannot go in a ramp"),
                ("10 ATD=0", "without signal lines"),
                ("10 V>3.8", "not KEY>VALUE/SECONDS"),
                ("10 V>3.8/0", "not KEY>VALUE/SECONDS"),
                ("10 PWR>1/5", "cannot go in a ramp"),
                ("10", "nothing happens"),
                ("ten V=3", "not a time"),
                ("-1 V=3", "not a time"),
                ("91 V=3", "something happens at 91"),
                ("repeat 3 every 5: 0 V=3", "repeat N every"),
                ("repeat 3 every 5 from 1: 0 V=3;", "nothing between"),
                ("repeat 3 every 5 from 1: V=3", "not a time"),
                ("repeat 3 every 40 from 1: 0 V=3; 30 V=2", "something happens at 111"),
                ("bank signals", "a second bank")):
            with self.subTest(line):
                late = "something happens" in message
                self.refused(BANK + line + "\n" + END, 3 if late else 2, message)

    def test_expectations(self):
        for line, message in (
                ("expect LD", "not an expectation"),
                ("expect LD=1", "not an expectation"),
                ("expect LD=0@[1,2]", "LD is never 0"),
                ("expect BL->Z@[1,2]", "BL is never Z"),
                ("expect LD=1@[5,4]", "ends before it begins"),
                ("expect LD=1@[91,92]", "after the end at 90"),
                ("expect XX=1@[1,2]", "not an expectation"),
                ("expect n(LD)<2", "not an expectation"),
                ("expect n(LD)<=-1", "not an expectation"),
                ("expect warned!", "not an expectation"),
                ("expect EN=1@[1,2]", "without heartbeat=1 has no EN"),
                ("expect n(CW)<=1", "without chargewarn=1 has no CW"),
                ("expect n(MEM)<=1", "without memory=1 writes none"),
                ("expect sys:health=Good", "not an expectation"),
                ("expect sys:health=@[1,2]", "not an expectation"),
                ("expect sys:health->Good@[1,2]", "not an expectation"),
                ("expect sys:=Good@[1,2]", "not an expectation"),
                ("expect sys:health=Good@[5,4]", "ends before it begins"),
                ("expect sys:health=Good@[91,92]", "after the end at 90"),
                ("expected warned", "not a time")):
            with self.subTest(line):
                self.refused(BANK + "90 end\n" + line + "\n", 3, message)

    def test_bank(self):
        for bank, message in (
                ("bank", "neither"),
                ("bank measured", "neither"),
                ("bank measured cells=4", "neither"),
                ("bank signals cells=4 batteries=1", "neither"),
                ("bank measured cells=5 batteries=1", "not a multiple of 4"),
                ("bank measured cells=0 batteries=1", "not a multiple of 4"),
                ("bank measured cells=164 batteries=1", "not a multiple of 4"),
                ("bank measured cells=4 batteries=21", "more than 20"),
                ("bank measured cells=4 batteries=x", "not a whole number"),
                ("bank measured cells=4 batteries=1 cells=4", "a second \"cells\""),
                ("bank signals convert=5", "without measurements has no \"convert\""),
                ("bank signals wheels=4", "unknown option \"wheels\""),
                ("bank signals memory=2", "memory=2 is none of 0, 1"),
                ("bank signals memory", "memory= is none of 0, 1"),
                ("bank measured cells=4 batteries=1 converters=5", "not 1 to 4"),
                ("bank measured cells=4 batteries=1 converters=0", "not 1 to 4"),
                ("bank signals current=1 capacity=0", "not a number of ampere hours"),
                ("bank signals capacity=5", "without current=1"),
                ("0 PWR=1", "the bank must be named first")):
            with self.subTest(bank):
                self.refused(bank + "\n" + END, 1, message)

    def test_whole_files(self):
        self.refused("", 0, "no bank")
        self.refused(BANK + "0 PWR=1\nexpect warned\n", 3, "no end")
        self.refused(BANK + "90 end\n80 end\n", 3, "a second end")
        self.refused(BANK + "0 PWR=1\n90 end\n", 0, "expects nothing")

    def test_not_text(self):
        path = self.folder / "some.scn"
        path.write_bytes(b"\xff\xfe\x00")
        with self.assertRaisesRegex(LabError, "not text"):
            language.read(path)

    def test_not_there(self):
        with self.assertRaisesRegex(LabError, "none.scn: No such file"):
            language.read(self.folder / "none.scn")


class Find(Files):
    def test_in_folders_below(self):
        self.write("", "b.scn")
        self.write("", "below/a.scn")
        self.write("", "notes.txt")
        self.assertEqual([path.name for path in language.find([self.folder])], ["b.scn", "a.scn"])

    def test_same_name_twice(self):
        self.write("", "a.scn")
        self.write("", "below/a.scn")
        with self.assertRaisesRegex(LabError, "another file is called a"):
            language.find([self.folder])

    def test_empty_folder(self):
        with self.assertRaisesRegex(LabError, "no \\*.scn"):
            language.find([self.folder])


class Judge(Files):
    """What is made of a log."""

    def unmet(self, expectation, *rows):
        log = PinLog()
        for time, pin, level in rows:
            log.add(time, pin, level)
        scenario = self.read(f"bank signals\n200 end\nexpect {expectation}\n")
        (_, why), = language.judge(scenario, log)
        return why

    def met(self, expectation, *rows):
        self.assertIsNone(self.unmet(expectation, *rows))

    def not_met(self, expectation, *rows):
        self.assertTrue(self.unmet(expectation, *rows))

    def test_edge_at_the_ends_of_its_interval(self):
        for time in (10, 11, 12):
            self.met("LD->1@[10,12]", (time, "LD", "1"))
        for time in (9.999, 12.001):
            self.not_met("LD->1@[10,12]", (time, "LD", "1"))

    def test_edge_that_is_none(self):
        self.not_met("LD->1@[10,12]")
        self.not_met("LD->Z@[10,12]", (11, "LD", "1"))
        self.not_met("LD->1@[10,12]", (5, "LD", "1"), (11, "LD", "1"))
        self.not_met("LD->1@[10,12]", (11, "CD", "1"))

    def test_one_edge_of_several(self):
        self.met("LD->1@[10,12]", (1, "LD", "1"), (10.5, "LD", "Z"), (11, "LD", "1"))

    def test_level(self):
        self.met("LD=Z@[0,end]")
        self.met("LD=1@[10,20]", (10, "LD", "1"), (20, "LD", "Z"))
        self.not_met("LD=1@[10,20]", (10.001, "LD", "1"))
        self.not_met("LD=1@[10,20]", (10, "LD", "1"), (19.999, "LD", "Z"))
        self.not_met("LD=1@[10,20]", (10, "LD", "1"), (15, "LD", "Z"), (15.001, "LD", "1"))
        self.not_met("LD=Z@[0,end]", (199.9, "LD", "1"))
        self.met("BL=0@[0,5]", (5, "BL", "1"))

    def test_a_low_output_is_no_floating_one(self):
        self.not_met("LD=Z@[10,20]", (5, "LD", "L"))

    def test_count(self):
        rows = [(time, "CD", "1" if time % 2 else "Z") for time in (1, 2, 3)]
        self.met("n(CD)<=3", *rows)
        self.not_met("n(CD)<=2", *rows)
        self.met("n(CD)<=0", (1, "LD", "1"))

    def test_repeated_rows_are_no_edges(self):
        self.met("n(CD)<=1", (1, "CD", "1"), (2, "CD", "1"))

    def test_warned(self):
        self.met("warned", (1, "LD", "1"), (10, "PA", "1"), (40, "LD", "Z"))
        self.met("warned", (1, "LD", "1"), (10.6, "PA", "1"), (40.6, "PA", "Z"), (40.6, "LD", "Z"))
        self.not_met("warned", (1, "LD", "1"), (10, "PA", "1"), (39.999, "LD", "Z"))
        self.not_met("warned", (1, "LD", "1"), (40, "LD", "Z"))

    def say(self, expectation, *samples):
        log = PinLog()
        log.samples = [(time, "health", value) for time, value in samples]
        log.samples.append((15, "status", "Full"))
        scenario = self.read(f"bank signals\n200 end\nexpect sys:health{expectation}\n")
        (_, why), = language.judge(scenario, log)
        return why

    def test_each_sample(self):
        self.assertIsNone(self.say("=Good@[10,20]", (10, "Good"), (20, "Good"), (20.001, "Cold")))
        self.assertIn("is Cold at 12.000", self.say("=Good@[10,20]", (11, "Good"), (12, "Cold")))
        self.assertIsNone(self.say("!=Good@[10,20]", (9, "Good"), (10, "Cold"), (12, "-")))
        self.assertIn("is Good at 11.000", self.say("!=Good@[10,20]", (11, "Good"), (12, "Cold")))

    def test_no_sample_says_nothing(self):
        self.assertEqual(self.say("!=Good@[10,20]", (9, "Cold"), (21, "Cold")), "no sample")

    def test_warned_without_a_break(self):
        self.not_met("warned", (1, "LD", "1"), (10, "PA", "1"), (20, "PA", "Z"),
                     (20.001, "PA", "1"), (45, "LD", "Z"))
        self.not_met("warned", (1, "LD", "1"), (10, "PA", "1"), (45, "PA", "Z"),
                     (45.001, "LD", "Z"))

    def test_warned_asks_of_every_cut(self):
        self.met("warned", (1, "LD", "1"))
        self.not_met("warned", (1, "LD", "1"), (10, "PA", "1"), (40, "LD", "Z"), (40, "PA", "Z"),
                     (50, "LD", "1"), (60, "PA", "1"), (80, "LD", "Z"))


if __name__ == "__main__":
    unittest.main()
