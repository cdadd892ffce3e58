package iommulab.engine.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The bit tables of the conventional capabilities, without PCI Express.
/// Spec: PCI Local Bus, "Capability IDs", "MSI", "MSI-X"; PCI Power Management; PCI-X; AMD I/O
/// Virtualization, "IOMMU PCI Capability Block".
final class ConventionalLayouts {
    private static final Map<Integer, String[]> NAMES =
            Map.ofEntries(
                    name(0x01, "Power Management", "PM"),
                    name(0x02, "Accelerated Graphics Port", "AGP"),
                    name(0x03, "Vital Product Data", "VPD"),
                    name(0x04, "Slot Identification", "SlotID"),
                    name(0x05, "Message Signaled Interrupts", "MSI"),
                    name(0x06, "CompactPCI Hot Swap", "HotSwap"),
                    name(0x07, "PCI-X", "PCI-X"),
                    name(0x08, "HyperTransport", "HT"),
                    name(0x09, "Vendor Specific", "Vendor"),
                    name(0x0a, "Debug Port", "Debug"),
                    name(0x0b, "CompactPCI Resource Control", "CPCI"),
                    name(0x0c, "Hot-Plug Controller", "HotPlug"),
                    name(0x0d, "Bridge Subsystem ID", "SSVID"),
                    name(0x0e, "Accelerated Graphics Port 8x", "AGP8x"),
                    name(0x0f, "Secure Device (AMD IOMMU)", "IOMMU"),
                    name(0x10, "PCI Express", "Express"),
                    name(0x11, "MSI-X", "MSI-X"),
                    name(0x12, "SATA Index and Data", "SATA"),
                    name(0x13, "Advanced Features", "AF"),
                    name(0x14, "Enhanced Allocation", "EA"),
                    name(0x15, "Flattening Portal Bridge", "FPB"));

    private static final List<RegisterLayout> HEAD =
            RegisterLayout.table(
                    """
                    00 16 Capability Header
                      15:8 ro Next Capability | 0 none | {x}
                      7:0 ro Capability ID | {x}
                    """);
    private static final List<RegisterLayout> POWER =
            RegisterLayout.table(
                    """
                    02 16 Power Management Capabilities
                      15:11 ro PME Support
                      10 ro D2 Support
                      9 ro D1 Support
                      8:6 ro Aux Current
                      5 ro Device Specific Initialization
                      4 ro Immediate Readiness on Return to D0
                      3 ro PME Clock
                      2:0 ro Version
                    04 16 Power Management Control and Status
                      15 w1c PME Status
                      14:13 ro Data Scale
                      12:9 rw Data Select
                      8 rw PME Enable
                      7:4 --
                      3 ro No Soft Reset
                      2 --
                      1:0 rw Power State | 0 D0 | 1 D1 | 2 D2 | 3 D3hot
                    06 8 Bridge Support Extensions
                      7 ro Bus Power/Clock Control Enable
                      6 ro B2/B3 Support for D3hot
                      5:0 --
                    07 8 Data
                      7:0 ro Data
                    """);
    private static final List<RegisterLayout> VITAL_PRODUCT_DATA =
            RegisterLayout.table(
                    """
                    02 16 VPD Address
                      15 rw Flag
                      14:0 rw Address
                    04 32 VPD Data
                      31:0 rw Data
                    """);
    private static final List<RegisterLayout> MSI =
            RegisterLayout.table(
                    """
                    02 16 Message Control
                      15:11 --
                      10 rw Extended Message Data Enable
                      9 ro Extended Message Data Capable
                      8 ro Per-Vector Masking Capable
                      7 ro 64-bit Address Capable
                      6:4 rw Multiple Message Enable | {1<<n} vectors
                      3:1 ro Multiple Message Capable | {1<<n} vectors
                      0 rw MSI Enable
                    04 32 Message Address
                      31:2 rw Address | {x<<2}
                      1:0 --
                    """);
    private static final List<RegisterLayout> WORDS =
            RegisterLayout.table(
                    """
                    00 32 Upper Address
                      31:0 rw Address 63:32
                    00 16 Message Data
                      15:0 rw Data
                    00 32 Bits
                      31:0 rw Vectors
                    00 32 Bits
                      31:0 ro Vectors
                    """);
    private static final List<RegisterLayout> MSIX =
            RegisterLayout.table(
                    """
                    02 16 Message Control
                      15 rw MSI-X Enable
                      14 rw Function Mask
                      13:11 --
                      10:0 ro Table Size | {n+1} vectors
                    04 32 Table
                      31:3 ro Table Offset | {x<<3}
                      2:0 ro Table BAR Indicator | BAR {n}
                    08 32 Pending Bit Array
                      31:3 ro PBA Offset | {x<<3}
                      2:0 ro PBA BAR Indicator | BAR {n}
                    """);
    private static final List<RegisterLayout> PCIX_FUNCTION =
            RegisterLayout.table(
                    """
                    02 16 PCI-X Command
                      15:14 --
                      13:12 ro Version
                      11:7 --
                      6:4 rw Max Outstanding Split Transactions | 0 1 | 1 2 | 2 3 | 3 4 | 4 8 | 5 12 | 6 16 | 7 32
                      3:2 rw Max Memory Read Byte Count | {512<<n} bytes
                      1 rw Enable Relaxed Ordering
                      0 rw Data Parity Error Recovery Enable
                    04 32 PCI-X Status
                      31 ro 533 MHz Capable
                      30 ro 266 MHz Capable
                      29 w1c Received Split Completion Error
                      28:26 ro Designed Max Cumulative Read Size
                      25:23 ro Designed Max Outstanding Split Transactions
                      22:21 ro Designed Max Memory Read Byte Count | {512<<n} bytes
                      20 ro Device Complexity | 0 simple | 1 bridge
                      19 w1c Unexpected Split Completion
                      18 w1c Split Completion Discarded
                      17 ro 133 MHz Capable
                      16 ro 64-bit Device
                      15:8 ro Bus Number | {x}
                      7:3 ro Device Number | {x}
                      2:0 ro Function Number
                    """);
    private static final List<RegisterLayout> PCIX_BRIDGE =
            RegisterLayout.table(
                    """
                    02 16 PCI-X Secondary Status
                      15 ro 533 MHz Capable
                      14 ro 266 MHz Capable
                      13:12 ro Version
                      11:9 --
                      8:6 ro Secondary Clock Frequency
                      5 w1c Split Request Delayed
                      4 w1c Split Completion Overrun
                      3 w1c Unexpected Split Completion
                      2 w1c Split Completion Discarded
                      1 ro 133 MHz Capable
                      0 ro 64-bit Device
                    04 32 PCI-X Bridge Status
                      31 ro 533 MHz Capable
                      30 ro 266 MHz Capable
                      29:22 --
                      21 w1c Split Request Delayed
                      20 w1c Split Completion Overrun
                      19 w1c Unexpected Split Completion
                      18 w1c Split Completion Discarded
                      17 ro 133 MHz Capable
                      16 ro 64-bit Device
                      15:8 ro Bus Number | {x}
                      7:3 ro Device Number | {x}
                      2:0 ro Function Number
                    08 32 Upstream Split Transaction Control
                      31:16 rw Split Transaction Commitment Limit | {n}
                      15:0 ro Split Transaction Capacity | {n}
                    0c 32 Downstream Split Transaction Control
                      31:16 rw Split Transaction Commitment Limit | {n}
                      15:0 ro Split Transaction Capacity | {n}
                    """);
    private static final Map<Integer, List<RegisterLayout>> SMALL =
            Map.of(
                    0x09,
                    RegisterLayout.table(
                            """
                            02 8 Length
                              7:0 ro Length | {n} bytes
                            """),
                    0x0a,
                    RegisterLayout.table(
                            """
                            02 16 Debug Port
                              15:13 ro BAR | BAR {n}
                              12:0 ro Offset | {x}
                            """),
                    0x0d,
                    RegisterLayout.table(
                            """
                            04 16 Subsystem Vendor ID
                              15:0 ro Subsystem Vendor ID
                            06 16 Subsystem ID
                              15:0 ro Subsystem ID
                            """),
                    0x0f,
                    RegisterLayout.table(
                            """
                            02 16 IOMMU Capability
                              15:13 --
                              12 ro Extension Present
                              11 ro Extended Feature Register Supported
                              10 ro Not-Present Entries Cached
                              9 ro HyperTransport Tunnel
                              8 ro IOTLB Support
                              7:3 ro Capability Revision
                              2:0 ro Capability Type | 3 IOMMU
                            04 32 Base Address Low
                              31:14 rw Address 31:14 | {x<<14}
                              13:1 --
                              0 rw Enable
                            08 32 Base Address High
                              31:0 rw Address 63:32
                            0c 32 Range
                              31:24 ro Last Device | {x}
                              23:16 ro First Device | {x}
                              15:8 ro Bus Number | {x}
                              7 ro Range Valid
                              6:5 --
                              4:0 ro HyperTransport Unit ID
                            10 32 Miscellaneous Information
                              31:27 ro MSI Message Number of the PPR Log
                              26:23 --
                              22 ro HyperTransport ATS Range Reserved
                              21:15 ro Virtual Address Size | {n} bits
                              14:8 ro Physical Address Size | {n} bits
                              7:5 ro Guest Virtual Address Size
                              4:0 ro MSI Message Number
                            """),
                    0x12,
                    RegisterLayout.table(
                            """
                            02 16 SATA Capability
                              15:8 --
                              7:4 ro Major Revision
                              3:0 ro Minor Revision
                            04 32 SATA Index-Data Location
                              31:24 --
                              23:4 ro BAR Offset | {x<<2}
                              3:0 ro BAR Location
                            """),
                    0x13,
                    RegisterLayout.table(
                            """
                            02 8 Length
                              7:0 ro Length | {n} bytes
                            03 8 Capabilities
                              7:2 --
                              1 ro Function Level Reset Capable
                              0 ro Transactions Pending Capable
                            04 8 Control
                              7:1 --
                              0 rw Initiate Function Level Reset
                            05 8 Status
                              7:1 --
                              0 ro Transactions Pending
                            """),
                    0x14,
                    RegisterLayout.table(
                            """
                            02 8 Number of Entries
                              7:6 --
                              5:0 ro Number of Entries
                            """));

    private ConventionalLayouts() {}

    private static Map.Entry<Integer, String[]> name(int id, String name, String shortName) {
        return Map.entry(id, new String[] {name, shortName});
    }

    /// @param at offset of the capability in configuration space
    static CapabilityLayout of(ConfigSpace config, int id, int at) {
        var name = NAMES.getOrDefault(id, new String[] {"Capability 0x%02x".formatted(id), ""});
        var registers = new ArrayList<>(HEAD);
        registers.addAll(body(config, id, at));
        return new CapabilityLayout(name[0], name[1], registers);
    }

    private static List<RegisterLayout> body(ConfigSpace config, int id, int at) {
        return switch (id) {
            case 0x01 -> POWER;
            case 0x03 -> VITAL_PRODUCT_DATA;
            case 0x05 -> msi(config, at);
            case 0x07 -> Header.type(config) == 1 ? PCIX_BRIDGE : PCIX_FUNCTION;
            case 0x10 -> ExpressLayouts.of(config, at);
            case 0x11 -> MSIX;
            default -> SMALL.getOrDefault(id, List.of());
        };
    }

    /// Where data, mask and pending bits lie depends on what Message Control offers.
    private static List<RegisterLayout> msi(ConfigSpace config, int at) {
        int control = config.knows(at + 2, 2) ? config.read16(at + 2) : 0;
        var registers = new ArrayList<>(MSI);
        int next = 8;
        if ((control & 1 << 7) != 0) {
            registers.add(WORDS.get(0).at("Message Upper Address", next));
            next += 4;
        }
        registers.add(WORDS.get(1).at("Message Data", next));
        if ((control & 1 << 9) != 0) {
            registers.add(WORDS.get(1).at("Extended Message Data", next + 2));
        }
        if ((control & 1 << 8) != 0) {
            registers.add(WORDS.get(2).at("Mask Bits", next + 4));
            registers.add(WORDS.get(3).at("Pending Bits", next + 8));
        }
        return registers;
    }
}
