# SPDX-License-Identifier: GPL-2.0-only
"""Many banks on the emulated board, with channels in memory; they share the pins."""

import pathlib

from bms.run import run

FOLDER = pathlib.Path("lab/boards/npcm750")
DTS = """#include "perf.dts"

/ {{
	memory: converter {{
		compatible = "test,bms-converter";
		#io-channel-cells = <1>;
	}};

	adc-battery {{
		compatible = "adc-battery";
		io-channels = <&memory 0>;
		io-channel-names = "voltage";
	}};

	reads-memory {{
		compatible = "test,bms-reads";
		io-channels = {};
	}};

	reads-adc {{
		compatible = "test,bms-reads";
		io-channels = <&cell1 0>, <&cell2 0>, <&cell3 0>, <&cell4 0>,
			      <&temp1>, <&temp2>, <&supply 0>, <&load_current>;
	}};
{}}};

&bms {{
	io-channels = <&cell1 0>, <&cell2 0>, <&cell3 0>, <&cell4 0>,
		      <&temp1>, <&temp2>, <&supply 0>, <&load_current>;
	io-channel-names = "cell1", "cell2", "cell3", "cell4",
			   "temp1", "temp2", "supply", "load-current";
}};
"""
BANK = """
	bms-{} {{
		compatible = "gpio-bms";
		load-enable-gpios = <&gpio3 8 (GPIO_ACTIVE_HIGH | GPIO_OPEN_SOURCE)>;
		charge-enable-gpios = <&gpio3 9 (GPIO_ACTIVE_HIGH | GPIO_OPEN_SOURCE)>;
		pre-alarm-gpios = <&gpio3 10 (GPIO_ACTIVE_HIGH | GPIO_OPEN_SOURCE)>;
		loop-gpios = <&gpio3 2 GPIO_ACTIVE_HIGH>;
		remote-h-gpios = <&gpio3 0 GPIO_ACTIVE_HIGH>;
		remote-l-gpios = <&gpio3 1 GPIO_ACTIVE_HIGH>;
		io-channels = {};
		io-channel-names = {};
	}};
"""


def channels(count):
    return ", ".join(f"<&memory {number}>" for number in range(count))


def devicetree(linux, path, cells):
    """A bank for each number of cells, and nodes that only read as many channels."""
    names = [", ".join(f'"cell{number + 1}"' for number in range(count)) for count in cells]
    text = DTS.format(channels(cells[-1]), "".join(
        BANK.format(count, channels(count), name) for count, name in zip(cells, names)))
    whole = run("cpp", "-nostdinc", "-undef", "-D__DTS__", "-x", "assembler-with-cpp",
                "-I", FOLDER, "-I", linux / "include", "-I", linux / "arch/arm/boot/dts/nuvoton",
                "-", input=text)
    run("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", path, "-", input=whole)
