package iommulab.engine.pci;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The bit tables of the configuration header.
/// Spec: PCIe Base, "PCI-Compatible Configuration Registers"; PCI-to-PCI Bridge, "Configuration
/// Space".
final class HeaderLayouts {
    private static final List<RegisterLayout> COMMON =
            RegisterLayout.table(
                    """
                    00 16 Vendor ID
                      15:0 ro Vendor ID
                    02 16 Device ID
                      15:0 ro Device ID
                    04 16 Command
                      15:11 --
                      10 rw Interrupt Disable
                      9 rw Fast Back-to-Back Enable
                      8 rw SERR# Enable
                      7 --
                      6 rw Parity Error Response
                      5 rw VGA Palette Snoop
                      4 rw Memory Write and Invalidate
                      3 rw Special Cycle Enable
                      2 rw Bus Master Enable | 0 issues no DMA | 1 may issue DMA
                      1 rw Memory Space Enable
                      0 rw I/O Space Enable
                    06 16 Status
                      15 w1c Detected Parity Error
                      14 w1c Signaled System Error
                      13 w1c Received Master Abort
                      12 w1c Received Target Abort
                      11 w1c Signaled Target Abort
                      10:9 ro DEVSEL Timing | 0 fast | 1 medium | 2 slow
                      8 w1c Master Data Parity Error
                      7 ro Fast Back-to-Back Capable
                      6 --
                      5 ro 66 MHz Capable
                      4 ro Capabilities List
                      3 ro Interrupt Status
                      2:1 --
                      0 ro Immediate Readiness
                    08 32 Class Code and Revision
                      31:24 ro Base Class | {x}
                      23:16 ro Subclass | {x}
                      15:8 ro Programming Interface | {x}
                      7:0 ro Revision ID | {x}
                    0c 8 Cache Line Size
                      7:0 rw Cache Line Size | {n*4} bytes
                    0d 8 Latency Timer
                      7:0 rw Latency Timer | {n} clocks
                    0e 8 Header Type
                      7 ro Multi-Function Device
                      6:0 ro Header Layout | 0 function | 1 PCI-to-PCI bridge | 2 CardBus bridge
                    0f 8 BIST
                      7 ro BIST Capable
                      6 rw Start BIST
                      5:4 --
                      3:0 ro Completion Code
                    """);
    private static final List<RegisterLayout> FUNCTION =
            RegisterLayout.table(
                    """
                    28 32 CardBus CIS Pointer
                      31:0 ro CardBus CIS Pointer
                    2c 16 Subsystem Vendor ID
                      15:0 ro Subsystem Vendor ID
                    2e 16 Subsystem ID
                      15:0 ro Subsystem ID
                    30 32 Expansion ROM Base Address
                      31:11 rw Address | {x<<11}
                      10:8 --
                      7:4 ro Validation Details
                      3:1 ro Validation Status
                      0 rw Expansion ROM Enable
                    34 8 Capabilities Pointer
                      7:2 ro Pointer | {x<<2}
                      1:0 --
                    3c 8 Interrupt Line
                      7:0 rw Interrupt Line | 255 none | {n}
                    3d 8 Interrupt Pin
                      7:0 ro Interrupt Pin | 0 none | 1 INTA | 2 INTB | 3 INTC | 4 INTD
                    3e 8 Min_Gnt
                      7:0 ro Min_Gnt
                    3f 8 Max_Lat
                      7:0 ro Max_Lat
                    """);
    private static final List<RegisterLayout> BRIDGE =
            RegisterLayout.table(
                    """
                    18 8 Primary Bus Number
                      7:0 rw Primary Bus Number | {x}
                    19 8 Secondary Bus Number
                      7:0 rw Secondary Bus Number | {x}
                    1a 8 Subordinate Bus Number
                      7:0 rw Subordinate Bus Number | {x}
                    1b 8 Secondary Latency Timer
                      7:0 rw Secondary Latency Timer
                    1c 8 I/O Base
                      7:4 rw Address 15:12 | {x<<12}
                      3:0 ro Addressing | 0 16 bit | 1 32 bit
                    1d 8 I/O Limit
                      7:4 rw Address 15:12 | {x<<12}
                      3:0 ro Addressing | 0 16 bit | 1 32 bit
                    1e 16 Secondary Status
                      15 w1c Detected Parity Error
                      14 w1c Received System Error
                      13 w1c Received Master Abort
                      12 w1c Received Target Abort
                      11 w1c Signaled Target Abort
                      10:9 ro DEVSEL Timing | 0 fast | 1 medium | 2 slow
                      8 w1c Master Data Parity Error
                      7 ro Fast Back-to-Back Capable
                      6 --
                      5 ro 66 MHz Capable
                      4:0 --
                    20 16 Memory Base
                      15:4 rw Address 31:20 | {x<<20}
                      3:0 --
                    22 16 Memory Limit
                      15:4 rw Address 31:20 | {x<<20}
                      3:0 --
                    24 16 Prefetchable Memory Base
                      15:4 rw Address 31:20 | {x<<20}
                      3:0 ro Addressing | 0 32 bit | 1 64 bit
                    26 16 Prefetchable Memory Limit
                      15:4 rw Address 31:20 | {x<<20}
                      3:0 ro Addressing | 0 32 bit | 1 64 bit
                    28 32 Prefetchable Base Upper 32 Bits
                      31:0 rw Address 63:32
                    2c 32 Prefetchable Limit Upper 32 Bits
                      31:0 rw Address 63:32
                    30 16 I/O Base Upper 16 Bits
                      15:0 rw Address 31:16
                    32 16 I/O Limit Upper 16 Bits
                      15:0 rw Address 31:16
                    34 8 Capabilities Pointer
                      7:2 ro Pointer | {x<<2}
                      1:0 --
                    38 32 Expansion ROM Base Address
                      31:11 rw Address | {x<<11}
                      10:8 --
                      7:4 ro Validation Details
                      3:1 ro Validation Status
                      0 rw Expansion ROM Enable
                    3c 8 Interrupt Line
                      7:0 rw Interrupt Line | 255 none | {n}
                    3d 8 Interrupt Pin
                      7:0 ro Interrupt Pin | 0 none | 1 INTA | 2 INTB | 3 INTC | 4 INTD
                    3e 16 Bridge Control
                      15:12 --
                      11 rw Discard Timer SERR# Enable
                      10 w1c Discard Timer Status
                      9 rw Secondary Discard Timer | 0 2^15 clocks | 1 2^10 clocks
                      8 rw Primary Discard Timer | 0 2^15 clocks | 1 2^10 clocks
                      7 rw Fast Back-to-Back Enable
                      6 rw Secondary Bus Reset
                      5 rw Master-Abort Mode | 0 answers ff | 1 reports an error
                      4 rw VGA 16-bit Decode
                      3 rw VGA Enable
                      2 rw ISA Enable
                      1 rw SERR# Enable
                      0 rw Parity Error Response Enable
                    """);
    private static final List<RegisterLayout> CARDBUS =
            RegisterLayout.table(
                    """
                    10 32 CardBus Socket Base Address
                      31:12 rw Address | {x<<12}
                      11:0 --
                    14 8 Capabilities Pointer
                      7:2 ro Pointer | {x<<2}
                      1:0 --
                    18 8 PCI Bus Number
                      7:0 rw PCI Bus Number | {x}
                    19 8 CardBus Bus Number
                      7:0 rw CardBus Bus Number | {x}
                    1a 8 Subordinate Bus Number
                      7:0 rw Subordinate Bus Number | {x}
                    1b 8 CardBus Latency Timer
                      7:0 rw CardBus Latency Timer
                    3c 8 Interrupt Line
                      7:0 rw Interrupt Line | 255 none | {n}
                    3d 8 Interrupt Pin
                      7:0 ro Interrupt Pin | 0 none | 1 INTA | 2 INTB | 3 INTC | 4 INTD
                    """);
    private static final List<RegisterLayout> BARS =
            RegisterLayout.table(
                    """
                    00 32 Base Address (I/O)
                      31:2 rw Address | {x<<2}
                      1 --
                      0 ro Space | 1 I/O
                    00 32 Base Address (memory)
                      31:4 rw Address | {x<<4}
                      3 ro Prefetchable
                      2:1 ro Type | 0 32 bit | 1 below 1 MiB | 2 64 bit
                      0 ro Space | 0 memory
                    00 32 Base Address (upper half)
                      31:0 rw Address 63:32
                    """);

    private HeaderLayouts() {}

    /// The header that these bytes have.
    static CapabilityLayout of(ConfigSpace config) {
        var registers = new ArrayList<>(COMMON);
        switch (Header.type(config)) {
            case 0 -> {
                registers.addAll(bars("BAR", 0x10, 6, config, 0));
                registers.addAll(FUNCTION);
            }
            case 1 -> {
                registers.addAll(bars("BAR", 0x10, 2, config, 0));
                registers.addAll(BRIDGE);
            }
            case 2 -> registers.addAll(CARDBUS);
            default -> {}
        }
        registers.sort(Comparator.comparingInt(RegisterLayout::offset));
        return new CapabilityLayout("Header", "", registers);
    }

    /// Base address registers, each in the form that its low bits tell.
    ///
    /// @param offset of the first, from the start of the capability
    /// @param base of the capability in configuration space
    static List<RegisterLayout> bars(
            String name, int offset, int count, ConfigSpace config, int base) {
        var layouts = new ArrayList<RegisterLayout>();
        boolean upper = false;
        for (int bar = 0; bar < count; bar++) {
            int at = offset + 4 * bar;
            int low = config.knows(base + at, 1) ? config.read8(base + at) : 0;
            int form = upper ? 2 : 1 - (low & 1);
            layouts.add(BARS.get(form).at("%s %d".formatted(name, bar), at));
            upper = form == 1 && (low & 6) == 4;
        }
        return layouts;
    }
}
