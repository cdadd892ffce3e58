package iommulab.engine.pci;

import java.util.ArrayList;
import java.util.List;

/// The bit tables of the PCI Express capability.
/// Spec: PCIe Base, "PCI Express Capability Structure".
final class ExpressLayouts {
    private static final String SPEEDS =
            "1 2.5 GT/s | 2 5 GT/s | 3 8 GT/s | 4 16 GT/s | 5 32 GT/s | 6 64 GT/s";

    private static final List<RegisterLayout> DEVICE =
            RegisterLayout.table(
                    """
                    02 16 PCI Express Capabilities
                      15 ro Flit Mode Supported
                      14 --
                      13:9 ro Interrupt Message Number
                      8 ro Slot Implemented | 0 no slot | 1 connected to a slot
                      7:4 ro Device/Port Type | 0 endpoint | 1 legacy endpoint | 4 root port | 5 upstream switch port | 6 downstream switch port | 7 PCI Express to PCI bridge | 8 PCI to PCI Express bridge | 9 root complex integrated endpoint | 10 root complex event collector
                      3:0 ro Capability Version
                    04 32 Device Capabilities
                      31 --
                      30 ro TEE-IO Supported
                      29 --
                      28 ro Function Level Reset Capability
                      27:26 ro Captured Slot Power Limit Scale | 0 1 W | 1 0.1 W | 2 0.01 W | 3 0.001 W
                      25:18 ro Captured Slot Power Limit Value
                      17 ro Rx Max Payload Size Fixed
                      16 ro ERR_COR Subclass Capable
                      15 ro Role-Based Error Reporting
                      14:12 --
                      11:9 ro Endpoint L1 Acceptable Latency
                      8:6 ro Endpoint L0s Acceptable Latency
                      5 ro Extended Tag Field Supported
                      4:3 ro Phantom Functions Supported
                      2:0 ro Max Payload Size Supported | {128<<n} bytes
                    08 16 Device Control
                      15 rw Initiate Function Level Reset / Bridge Configuration Retry Enable
                      14:12 rw Max Read Request Size | {128<<n} bytes
                      11 rw Enable No Snoop
                      10 rw Aux Power PM Enable
                      9 rw Phantom Functions Enable
                      8 rw Extended Tag Field Enable
                      7:5 rw Max Payload Size | {128<<n} bytes
                      4 rw Enable Relaxed Ordering
                      3 rw Unsupported Request Reporting Enable
                      2 rw Fatal Error Reporting Enable
                      1 rw Non-Fatal Error Reporting Enable
                      0 rw Correctable Error Reporting Enable
                    0a 16 Device Status
                      15:7 --
                      6 w1c Emergency Power Reduction Detected
                      5 ro Transactions Pending
                      4 ro AUX Power Detected
                      3 w1c Unsupported Request Detected
                      2 w1c Fatal Error Detected
                      1 w1c Non-Fatal Error Detected
                      0 w1c Correctable Error Detected
                    """);
    private static final List<RegisterLayout> LINK =
            RegisterLayout.table(
                    """
                    0c 32 Link Capabilities
                      31:24 ro Port Number
                      23 --
                      22 ro ASPM Optionality Compliance
                      21 ro Link Bandwidth Notification Capability
                      20 ro Data Link Layer Link Active Reporting Capable
                      19 ro Surprise Down Error Reporting Capable
                      18 ro Clock Power Management
                      17:15 ro L1 Exit Latency
                      14:12 ro L0s Exit Latency
                      11:10 ro ASPM Support | 0 none | 1 L0s | 2 L1 | 3 L0s and L1
                      9:4 ro Maximum Link Width | x{n}
                      3:0 ro Max Link Speed | SPEEDS
                    10 16 Link Control
                      15:14 rw DRS Signaling Control
                      13 rw Flit Mode Disable
                      12 --
                      11 rw Link Autonomous Bandwidth Interrupt Enable
                      10 rw Link Bandwidth Management Interrupt Enable
                      9 rw Hardware Autonomous Width Disable
                      8 rw Enable Clock Power Management
                      7 rw Extended Synch
                      6 rw Common Clock Configuration
                      5 rw Retrain Link
                      4 rw Link Disable
                      3 rw Read Completion Boundary | 0 64 bytes | 1 128 bytes
                      2 --
                      1:0 rw ASPM Control | 0 disabled | 1 L0s | 2 L1 | 3 L0s and L1
                    12 16 Link Status
                      15 w1c Link Autonomous Bandwidth Status
                      14 w1c Link Bandwidth Management Status
                      13 ro Data Link Layer Link Active
                      12 ro Slot Clock Configuration
                      11 ro Link Training
                      10 --
                      9:4 ro Negotiated Link Width | x{n}
                      3:0 ro Current Link Speed | SPEEDS
                    """
                            .replace("SPEEDS", SPEEDS));
    private static final List<RegisterLayout> SLOT =
            RegisterLayout.table(
                    """
                    14 32 Slot Capabilities
                      31:19 ro Physical Slot Number | {n}
                      18 ro No Command Completed Support
                      17 ro Electromechanical Interlock Present
                      16:15 ro Slot Power Limit Scale | 0 1 W | 1 0.1 W | 2 0.01 W | 3 0.001 W
                      14:7 ro Slot Power Limit Value
                      6 ro Hot-Plug Capable
                      5 ro Hot-Plug Surprise
                      4 ro Power Indicator Present
                      3 ro Attention Indicator Present
                      2 ro MRL Sensor Present
                      1 ro Power Controller Present
                      0 ro Attention Button Present
                    18 16 Slot Control
                      15 --
                      14 rw In-Band PD Disable
                      13 rw Auto Slot Power Limit Disable
                      12 rw Data Link Layer State Changed Enable
                      11 rw Electromechanical Interlock Control
                      10 rw Power Controller Control | 0 power on | 1 power off
                      9:8 rw Power Indicator Control | 1 on | 2 blink | 3 off
                      7:6 rw Attention Indicator Control | 1 on | 2 blink | 3 off
                      5 rw Hot-Plug Interrupt Enable
                      4 rw Command Completed Interrupt Enable
                      3 rw Presence Detect Changed Enable
                      2 rw MRL Sensor Changed Enable
                      1 rw Power Fault Detected Enable
                      0 rw Attention Button Pressed Enable
                    1a 16 Slot Status
                      15:9 --
                      8 w1c Data Link Layer State Changed
                      7 ro Electromechanical Interlock Status
                      6 ro Presence Detect State | 0 slot empty | 1 card present
                      5 ro MRL Sensor State | 0 closed | 1 open
                      4 w1c Command Completed
                      3 w1c Presence Detect Changed
                      2 w1c MRL Sensor Changed
                      1 w1c Power Fault Detected
                      0 w1c Attention Button Pressed
                    """);
    private static final List<RegisterLayout> ROOT =
            RegisterLayout.table(
                    """
                    1c 16 Root Control
                      15:5 --
                      4 rw Configuration RRS Software Visibility Enable
                      3 rw PME Interrupt Enable
                      2 rw System Error on Fatal Error Enable
                      1 rw System Error on Non-Fatal Error Enable
                      0 rw System Error on Correctable Error Enable
                    1e 16 Root Capabilities
                      15:1 --
                      0 ro Configuration RRS Software Visibility
                    20 32 Root Status
                      31:18 --
                      17 ro PME Pending
                      16 w1c PME Status
                      15:0 ro PME Requester ID
                    """);
    private static final List<RegisterLayout> DEVICE_2 =
            RegisterLayout.table(
                    """
                    24 32 Device Capabilities 2
                      31 ro FRS Supported
                      30:27 --
                      26 ro Emergency Power Reduction Initialization Required
                      25:24 ro Emergency Power Reduction Supported
                      23:22 ro Max End-End TLP Prefixes | 0 4 | {n}
                      21 ro End-End TLP Prefix Supported
                      20 ro Extended Fmt Field Supported
                      19:18 ro OBFF Supported
                      17 ro 10-Bit Tag Requester Supported
                      16 ro 10-Bit Tag Completer Supported
                      15:14 ro LN System CLS
                      13:12 ro TPH Completer Supported
                      11 ro LTR Mechanism Supported
                      10 ro No RO-enabled PR-PR Passing
                      9 ro 128-bit CAS Completer Supported
                      8 ro 64-bit AtomicOp Completer Supported
                      7 ro 32-bit AtomicOp Completer Supported
                      6 ro AtomicOp Routing Supported
                      5 ro ARI Forwarding Supported
                      4 ro Completion Timeout Disable Supported
                      3:0 ro Completion Timeout Ranges Supported
                    28 16 Device Control 2
                      15 rw End-End TLP Prefix Blocking
                      14:13 rw OBFF Enable
                      12 rw 10-Bit Tag Requester Enable
                      11 rw Emergency Power Reduction Request
                      10 rw LTR Mechanism Enable
                      9 rw IDO Completion Enable
                      8 rw IDO Request Enable
                      7 rw AtomicOp Egress Blocking
                      6 rw AtomicOp Requester Enable
                      5 rw ARI Forwarding Enable
                      4 rw Completion Timeout Disable
                      3:0 rw Completion Timeout Value
                    2a 16 Device Status 2
                      15:0 --
                    """);
    private static final List<RegisterLayout> LINK_2 =
            RegisterLayout.table(
                    """
                    2c 32 Link Capabilities 2
                      31 ro DRS Supported
                      30:25 --
                      24 ro Two Retimers Presence Detect Supported
                      23 ro Retimer Presence Detect Supported
                      22:16 ro Lower SKP OS Reception Supported Speeds
                      15:9 ro Lower SKP OS Generation Supported Speeds
                      8 ro Crosslink Supported
                      7:1 ro Supported Link Speeds | 1 2.5 GT/s | 3 2.5 to 5 GT/s | 7 2.5 to 8 GT/s | 15 2.5 to 16 GT/s | 31 2.5 to 32 GT/s | 63 2.5 to 64 GT/s | mask {x}
                      0 --
                    30 16 Link Control 2
                      15:12 rw Compliance Preset/De-emphasis
                      11 rw Compliance SOS
                      10 rw Enter Modified Compliance
                      9:7 rw Transmit Margin
                      6 rw Selectable De-emphasis | 0 -6 dB | 1 -3.5 dB
                      5 rw Hardware Autonomous Speed Disable
                      4 rw Enter Compliance
                      3:0 rw Target Link Speed | SPEEDS
                    32 16 Link Status 2
                      15 w1c DRS Message Received
                      14:12 ro Downstream Component Presence
                      11 --
                      10 ro Flit Mode Status
                      9:8 ro Crosslink Resolution
                      7 ro Two Retimers Presence Detected
                      6 ro Retimer Presence Detected
                      5 w1c Link Equalization Request
                      4 ro Equalization Phase 3 Successful
                      3 ro Equalization Phase 2 Successful
                      2 ro Equalization Phase 1 Successful
                      1 ro Equalization Complete
                      0 ro Current De-emphasis Level | 0 -6 dB | 1 -3.5 dB
                    """
                            .replace("SPEEDS", SPEEDS));

    private ExpressLayouts() {}

    /// The registers that a port of this type and capability version has.
    ///
    /// @param at offset of the capability in configuration space
    static List<RegisterLayout> of(ConfigSpace config, int at) {
        int capabilities = config.knows(at + 2, 2) ? config.read16(at + 2) : 0;
        var type = PortType.ofCode(capabilities >>> 4 & 0xf);
        boolean integrated =
                type == PortType.ROOT_COMPLEX_ENDPOINT || type == PortType.EVENT_COLLECTOR;
        var registers = new ArrayList<>(DEVICE);
        if (!integrated) {
            registers.addAll(LINK);
        }
        if ((capabilities & 1 << 8) != 0
                && (type == PortType.ROOT_PORT || type == PortType.DOWNSTREAM_PORT)) {
            registers.addAll(SLOT);
        }
        if (type == PortType.ROOT_PORT || type == PortType.EVENT_COLLECTOR) {
            registers.addAll(ROOT);
        }
        if ((capabilities & 0xf) >= 2) {
            registers.addAll(DEVICE_2);
            if (!integrated) {
                registers.addAll(LINK_2);
            }
        }
        return registers;
    }
}
