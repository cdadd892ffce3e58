package iommulab.engine.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The bit tables of the PCI Express extended capabilities that have to do with isolation, address
/// translation and virtual functions, and the names of all.
/// Spec: PCIe Base, "PCI Express Extended Capabilities"; "Address Translation Services"; "Single Root
/// I/O Virtualization".
final class ExtendedLayouts {
    private static final Map<Integer, String[]> NAMES =
            Map.ofEntries(
                    name(0x01, "Advanced Error Reporting", "AER"),
                    name(0x02, "Virtual Channel", "VC"),
                    name(0x03, "Device Serial Number", "DSN"),
                    name(0x04, "Power Budgeting", ""),
                    name(0x05, "Root Complex Link Declaration", "RCLD"),
                    name(0x06, "Root Complex Internal Link Control", "RCILC"),
                    name(0x07, "Root Complex Event Collector Endpoint Association", "RCEC"),
                    name(0x08, "Multi-Function Virtual Channel", "MFVC"),
                    name(0x09, "Virtual Channel (with MFVC)", "VC"),
                    name(0x0a, "Root Complex Register Block Header", "RCRB"),
                    name(0x0b, "Vendor-Specific Extended", "VSEC"),
                    name(0x0c, "Configuration Access Correlation", "CAC"),
                    name(0x0d, "Access Control Services", "ACS"),
                    name(0x0e, "Alternative Routing-ID Interpretation", "ARI"),
                    name(0x0f, "Address Translation Service", "ATS"),
                    name(0x10, "Single Root I/O Virtualization", "SR-IOV"),
                    name(0x11, "Multi-Root I/O Virtualization", "MR-IOV"),
                    name(0x12, "Multicast", ""),
                    name(0x13, "Page Request Interface", "PRI"),
                    name(0x14, "AMD Reserved", ""),
                    name(0x15, "Resizable BAR", "REBAR"),
                    name(0x16, "Dynamic Power Allocation", "DPA"),
                    name(0x17, "TPH Requester", "TPH"),
                    name(0x18, "Latency Tolerance Reporting", "LTR"),
                    name(0x19, "Secondary PCI Express", ""),
                    name(0x1a, "Protocol Multiplexing", "PMUX"),
                    name(0x1b, "Process Address Space ID", "PASID"),
                    name(0x1c, "LN Requester", "LNR"),
                    name(0x1d, "Downstream Port Containment", "DPC"),
                    name(0x1e, "L1 PM Substates", "L1SS"),
                    name(0x1f, "Precision Time Measurement", "PTM"),
                    name(0x20, "PCI Express over M-PHY", "M-PCIe"),
                    name(0x21, "FRS Queueing", "FRS"),
                    name(0x22, "Readiness Time Reporting", "RTR"),
                    name(0x23, "Designated Vendor-Specific", "DVSEC"),
                    name(0x24, "VF Resizable BAR", ""),
                    name(0x25, "Data Link Feature", "DLF"),
                    name(0x26, "Physical Layer 16.0 GT/s", ""),
                    name(0x27, "Lane Margining at the Receiver", ""),
                    name(0x28, "Hierarchy ID", ""),
                    name(0x29, "Native PCIe Enclosure Management", "NPEM"),
                    name(0x2a, "Physical Layer 32.0 GT/s", ""),
                    name(0x2b, "Alternate Protocol", ""),
                    name(0x2c, "System Firmware Intermediary", "SFI"),
                    name(0x2d, "Shadow Functions", ""),
                    name(0x2e, "Data Object Exchange", "DOE"),
                    name(0x2f, "Device 3", ""),
                    name(0x30, "Integrity and Data Encryption", "IDE"),
                    name(0x31, "Physical Layer 64.0 GT/s", ""),
                    name(0x32, "Flit Logging", ""),
                    name(0x33, "Flit Performance Measurement", ""),
                    name(0x34, "Flit Error Injection", ""));

    private static final List<RegisterLayout> HEAD =
            RegisterLayout.table(
                    """
                    00 32 Extended Capability Header
                      31:20 ro Next Capability | 0 none | {x}
                      19:16 ro Capability Version
                      15:0 ro Capability ID | {x}
                    """);
    private static final RegisterLayout EGRESS =
            RegisterLayout.table(
                            """
                            08 32 Egress Control Vector
                              31:0 rw Ports or function groups that requests may not go to
                            """)
                    .getFirst();
    private static final List<RegisterLayout> ACS =
            RegisterLayout.table(
                    """
                    04 16 ACS Capability
                      15:8 ro Egress Control Vector Size
                      7 ro ACS Enhanced Capability
                      6 ro ACS Direct Translated P2P
                      5 ro ACS P2P Egress Control
                      4 ro ACS Upstream Forwarding
                      3 ro ACS P2P Completion Redirect
                      2 ro ACS P2P Request Redirect
                      1 ro ACS Translation Blocking
                      0 ro ACS Source Validation
                    06 16 ACS Control
                      15:13 --
                      12 rw ACS Unclaimed Request Redirect Control
                      11:10 rw ACS USP Memory Target Access Control | 0 direct | 1 blocked | 2 redirected
                      9:8 rw ACS DSP Memory Target Access Control | 0 direct | 1 blocked | 2 redirected
                      7 rw ACS I/O Request Blocking Enable
                      6 rw ACS Direct Translated P2P Enable | 0 translated requests are redirected too | 1 translated requests go straight to the peer
                      5 rw ACS P2P Egress Control Enable
                      4 rw ACS Upstream Forwarding Enable
                      3 rw ACS P2P Completion Redirect Enable | 0 completions may take the short way | 1 completions go up
                      2 rw ACS P2P Request Redirect Enable | 0 requests may go straight to a peer | 1 requests to a peer go up to the IOMMU
                      1 rw ACS Translation Blocking Enable
                      0 rw ACS Source Validation Enable | 0 any requester ID passes | 1 only IDs of the buses below pass
                    """);
    private static final List<RegisterLayout> SRIOV =
            RegisterLayout.table(
                    """
                    04 32 SR-IOV Capabilities
                      31:21 ro VF Migration Interrupt Message Number
                      20:3 --
                      2 ro VF 10-Bit Tag Requester Supported
                      1 ro ARI Capable Hierarchy Preserved
                      0 ro VF Migration Capable
                    08 16 SR-IOV Control
                      15:6 --
                      5 rw VF 10-Bit Tag Requester Enable
                      4 rw ARI Capable Hierarchy
                      3 rw VF Memory Space Enable
                      2 rw VF Migration Interrupt Enable
                      1 rw VF Migration Enable
                      0 rw VF Enable
                    0a 16 SR-IOV Status
                      15:1 --
                      0 w1c VF Migration Status
                    0c 16 InitialVFs
                      15:0 ro InitialVFs | {n}
                    0e 16 TotalVFs
                      15:0 ro TotalVFs | {n}
                    10 16 NumVFs
                      15:0 rw NumVFs | {n}
                    12 8 Function Dependency Link
                      7:0 ro Function Dependency Link
                    14 16 First VF Offset
                      15:0 ro First VF Offset | {n}
                    16 16 VF Stride
                      15:0 ro VF Stride | {n}
                    1a 16 VF Device ID
                      15:0 ro VF Device ID
                    1c 32 Supported Page Sizes
                      31:0 ro Page Sizes | 4K times the bits of {x}
                    20 32 System Page Size
                      31:0 rw Page Size | 1 4 KiB | 2 8 KiB | 4 16 KiB | 16 64 KiB | 4K times the bit of {x}
                    """);
    private static final RegisterLayout MIGRATION =
            RegisterLayout.table(
                            """
                            3c 32 VF Migration State Array Offset
                              31:3 ro Offset | {x<<3}
                              2:0 ro BAR Indicator | BAR {n}
                            """)
                    .getFirst();
    private static final Map<Integer, List<RegisterLayout>> TRANSLATION =
            Map.of(
                    0x0e,
                    RegisterLayout.table(
                            """
                            04 16 ARI Capability
                              15:8 ro Next Function Number
                              7:2 --
                              1 ro ACS Function Groups Capability
                              0 ro MFVC Function Groups Capability
                            06 16 ARI Control
                              15:7 --
                              6:4 rw Function Group
                              3:2 --
                              1 rw ACS Function Groups Enable
                              0 rw MFVC Function Groups Enable
                            """),
                    0x0f,
                    RegisterLayout.table(
                            """
                            04 16 ATS Capability
                              15:9 --
                              8 ro Memory Attributes Supported
                              7 ro Relaxed Ordering Supported
                              6 ro Global Invalidate Supported
                              5 ro Page Aligned Request
                              4:0 ro Invalidate Queue Depth | 0 32 | {n}
                            06 16 ATS Control
                              15 rw ATS Enable
                              14:5 --
                              4:0 rw Smallest Translation Unit | {4096<<n} bytes
                            """),
                    0x13,
                    RegisterLayout.table(
                            """
                            04 16 Page Request Control
                              15:2 --
                              1 rw Reset
                              0 rw Enable
                            06 16 Page Request Status
                              15 ro PRG Response PASID Required
                              14:9 --
                              8 ro Stopped
                              7:2 --
                              1 w1c Unexpected Page Request Group Index
                              0 w1c Response Failure
                            08 32 Outstanding Page Request Capacity
                              31:0 ro Capacity | {n} requests
                            0c 32 Outstanding Page Request Allocation
                              31:0 rw Allocation | {n} requests
                            """),
                    0x1b,
                    RegisterLayout.table(
                            """
                            04 16 PASID Capability
                              15:13 --
                              12:8 ro Max PASID Width | {n} bits
                              7:3 --
                              2 ro Privileged Mode Supported
                              1 ro Execute Permission Supported
                              0 --
                            06 16 PASID Control
                              15:3 --
                              2 rw Privileged Mode Enable
                              1 rw Execute Permission Enable
                              0 rw PASID Enable
                            """));

    private ExtendedLayouts() {}

    private static Map.Entry<Integer, String[]> name(int id, String name, String shortName) {
        return Map.entry(id, new String[] {name, shortName});
    }

    /// @param at offset of the capability in configuration space
    static CapabilityLayout of(ConfigSpace config, int id, int at) {
        var name =
                NAMES.getOrDefault(
                        id, new String[] {"Extended capability 0x%04x".formatted(id), ""});
        var registers = new ArrayList<>(HEAD);
        registers.addAll(body(config, id, at));
        return new CapabilityLayout(name[0], name[1], registers);
    }

    private static List<RegisterLayout> body(ConfigSpace config, int id, int at) {
        return switch (id) {
            case 0x01 -> ErrorLayouts.reporting(PciExpress.portType(config));
            case 0x0d -> acs(config, at);
            case 0x10 -> virtualFunctions(config, at);
            default -> TRANSLATION.getOrDefault(id, LinkLayouts.BY_ID.getOrDefault(id, List.of()));
        };
    }

    private static List<RegisterLayout> acs(ConfigSpace config, int at) {
        var registers = new ArrayList<>(ACS);
        if (config.knows(at + 4, 2) && (config.read16(at + 4) & Acs.EGRESS_CONTROL) != 0) {
            registers.add(EGRESS);
        }
        return registers;
    }

    private static List<RegisterLayout> virtualFunctions(ConfigSpace config, int at) {
        var registers = new ArrayList<>(SRIOV);
        registers.addAll(HeaderLayouts.bars("VF BAR", 0x24, 6, config, at));
        registers.add(MIGRATION);
        return registers;
    }
}
