package iommulab.engine.pci;

import java.util.List;
import java.util.Map;

/// The bit tables of the extended capabilities about links, channels, power and vendors.
/// Spec: PCIe Base, "PCI Express Extended Capabilities".
final class LinkLayouts {
    /// By capability ID.
    static final Map<Integer, List<RegisterLayout>> BY_ID =
            Map.ofEntries(
                    table(
                            0x02,
                            """
                            04 32 Port VC Capability 1
                              31:12 --
                              11:10 ro Port Arbitration Table Entry Size | {1<<n} bits
                              9:8 ro Reference Clock | 0 100 ns
                              7 --
                              6:4 ro Low Priority Extended VC Count
                              3 --
                              2:0 ro Extended VC Count
                            08 32 Port VC Capability 2
                              31:24 ro VC Arbitration Table Offset
                              23:8 --
                              7:0 ro VC Arbitration Capability
                            0c 16 Port VC Control
                              15:4 --
                              3:1 rw VC Arbitration Select
                              0 rw Load VC Arbitration Table
                            0e 16 Port VC Status
                              15:1 --
                              0 ro VC Arbitration Table Status
                            10 32 VC 0 Resource Capability
                              31:24 ro Port Arbitration Table Offset
                              23 --
                              22:16 ro Maximum Time Slots
                              15 ro Reject Snoop Transactions
                              14:8 --
                              7:0 ro Port Arbitration Capability
                            14 32 VC 0 Resource Control
                              31 rw VC Enable
                              30:27 --
                              26:24 rw VC ID
                              23:20 --
                              19:17 rw Port Arbitration Select
                              16 rw Load Port Arbitration Table
                              15:8 --
                              7:0 rw TC/VC Map | {x}
                            1a 16 VC 0 Resource Status
                              15:2 --
                              1 ro VC Negotiation Pending
                              0 ro Port Arbitration Table Status
                            """),
                    table(
                            0x03,
                            """
                            04 32 Serial Number, lower half
                              31:0 ro Serial Number 31:0
                            08 32 Serial Number, upper half
                              31:0 ro Serial Number 63:32
                            """),
                    table(
                            0x07,
                            """
                            04 32 Association Bitmap
                              31:0 ro Device Numbers Served
                            """),
                    table(
                            0x0b,
                            """
                            04 32 Vendor-Specific Header
                              31:20 ro VSEC Length | {n} bytes
                              19:16 ro VSEC Revision
                              15:0 ro VSEC ID | {x}
                            """),
                    table(
                            0x15,
                            """
                            04 32 Resizable BAR Capability
                              31:4 ro Sizes Supported | 1 MiB times the bits of {x}
                              3:0 --
                            08 32 Resizable BAR Control
                              31:16 ro Larger Sizes Supported
                              15:14 --
                              13:8 rw BAR Size | {1<<n} MiB
                              7:5 ro Number of Resizable BARs
                              4:3 --
                              2:0 ro BAR Index | BAR {n}
                            """),
                    table(
                            0x17,
                            """
                            04 32 TPH Requester Capability
                              31:27 --
                              26:16 ro ST Table Size | {n+1} entries
                              15:11 --
                              10:9 ro ST Table Location | 0 none | 1 in this capability | 2 in the MSI-X table
                              8 ro Extended TPH Requester Supported
                              7:3 --
                              2 ro Device Specific Mode Supported
                              1 ro Interrupt Vector Mode Supported
                              0 ro No ST Mode Supported
                            08 32 TPH Requester Control
                              31:10 --
                              9:8 rw TPH Requester Enable | 0 off | 1 TPH | 3 TPH and extended TPH
                              7:3 --
                              2:0 rw ST Mode Select | 0 no ST | 1 interrupt vector | 2 device specific
                            """),
                    table(
                            0x18,
                            """
                            04 16 Max Snoop Latency
                              15:13 --
                              12:10 rw Latency Scale | 0 1 ns | 1 32 ns | 2 1024 ns | 3 32768 ns | 4 2^20 ns | 5 2^25 ns
                              9:0 rw Latency Value | {n}
                            06 16 Max No-Snoop Latency
                              15:13 --
                              12:10 rw Latency Scale | 0 1 ns | 1 32 ns | 2 1024 ns | 3 32768 ns | 4 2^20 ns | 5 2^25 ns
                              9:0 rw Latency Value | {n}
                            """),
                    table(
                            0x19,
                            """
                            04 32 Link Control 3
                              31:16 --
                              15:9 rw Enable Lower SKP OS Generation
                              8:2 --
                              1 rw Link Equalization Request Interrupt Enable
                              0 rw Perform Equalization
                            08 32 Lane Error Status
                              31:0 w1c Lanes
                            """),
                    table(
                            0x1d,
                            """
                            04 16 DPC Capability
                              15:13 --
                              12 ro DL_Active ERR_COR Signaling Supported
                              11:8 ro RP PIO Log Size | {n} words
                              7 ro DPC Software Triggering Supported
                              6 ro Poisoned TLP Egress Blocking Supported
                              5 ro RP Extensions for DPC
                              4:0 ro DPC Interrupt Message Number
                            06 16 DPC Control
                              15:9 --
                              8 rw DPC SIG_SFW Enable
                              7 rw DL_Active ERR_COR Enable
                              6 rw DPC Software Trigger
                              5 rw Poisoned TLP Egress Blocking Enable
                              4 rw DPC ERR_COR Enable
                              3 rw DPC Interrupt Enable
                              2 rw DPC Completion Control | 0 completer abort | 1 unsupported request
                              1:0 rw DPC Trigger Enable | 0 off | 1 on fatal errors | 2 on fatal and non-fatal errors
                            08 16 DPC Status
                              15:14 --
                              13 w1c DPC SIG_SFW Status
                              12:8 ro RP PIO First Error Pointer
                              7 --
                              6:5 ro DPC Trigger Reason Extension
                              4 ro DPC RP Busy
                              3 w1c DPC Interrupt Status
                              2:1 ro DPC Trigger Reason | 0 unmasked uncorrectable error | 1 ERR_NONFATAL received | 2 ERR_FATAL received | 3 see extension
                              0 w1c DPC Trigger Status
                            0a 16 DPC Error Source ID
                              15:0 ro Source
                            """),
                    table(
                            0x1e,
                            """
                            04 32 L1 PM Substates Capabilities
                              31:24 --
                              23:19 ro Port T_POWER_ON Value
                              18 --
                              17:16 ro Port T_POWER_ON Scale | 0 2 us | 1 10 us | 2 100 us
                              15:8 ro Port Common Mode Restore Time | {n} us
                              7:6 --
                              5 ro Link Activation Supported
                              4 ro L1 PM Substates Supported
                              3 ro ASPM L1.1 Supported
                              2 ro ASPM L1.2 Supported
                              1 ro PCI-PM L1.1 Supported
                              0 ro PCI-PM L1.2 Supported
                            08 32 L1 PM Substates Control 1
                              31:29 rw LTR L1.2 Threshold Scale
                              28:26 --
                              25:16 rw LTR L1.2 Threshold Value | {n}
                              15:8 rw Common Mode Restore Time | {n} us
                              7:6 --
                              5 rw Link Activation Control
                              4 rw Link Activation Interrupt Enable
                              3 rw ASPM L1.1 Enable
                              2 rw ASPM L1.2 Enable
                              1 rw PCI-PM L1.1 Enable
                              0 rw PCI-PM L1.2 Enable
                            0c 32 L1 PM Substates Control 2
                              31:8 --
                              7:3 rw T_POWER_ON Value
                              2 --
                              1:0 rw T_POWER_ON Scale | 0 2 us | 1 10 us | 2 100 us
                            """),
                    table(
                            0x1f,
                            """
                            04 32 PTM Capability
                              31:16 --
                              15:8 ro Local Clock Granularity
                              7:3 --
                              2 ro PTM Root Capable
                              1 ro PTM Responder Capable
                              0 ro PTM Requester Capable
                            08 32 PTM Control
                              31:16 --
                              15:8 rw Effective Granularity
                              7:2 --
                              1 rw Root Select
                              0 rw PTM Enable
                            """),
                    table(
                            0x23,
                            """
                            04 32 DVSEC Header 1
                              31:20 ro DVSEC Length | {n} bytes
                              19:16 ro DVSEC Revision
                              15:0 ro DVSEC Vendor ID
                            08 16 DVSEC Header 2
                              15:0 ro DVSEC ID
                            """),
                    table(
                            0x25,
                            """
                            04 32 Data Link Feature Capabilities
                              31 ro Data Link Feature Exchange Enable
                              30:23 --
                              22:1 ro Other Local Features
                              0 ro Local Scaled Flow Control Supported
                            08 32 Data Link Feature Status
                              31 ro Remote Data Link Feature Supported Valid
                              30:23 --
                              22:0 ro Remote Features
                            """));

    private LinkLayouts() {}

    private static Map.Entry<Integer, List<RegisterLayout>> table(int id, String text) {
        return Map.entry(id, RegisterLayout.table(text));
    }
}
