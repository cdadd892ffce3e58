package iommulab.engine.pci;

import static iommulab.engine.pci.BitField.Access.READ_WRITE;

import java.util.ArrayList;
import java.util.List;

/// The bit tables of Advanced Error Reporting. An ACS violation shows here.
/// Spec: PCIe Base, "Advanced Error Reporting Extended Capability".
final class ErrorLayouts {
    private static final RegisterLayout UNCORRECTABLE =
            RegisterLayout.table(
                            """
                            04 32 Uncorrectable Error Status
                              31:27 --
                              26 w1c Poisoned TLP Egress Blocked
                              25 w1c TLP Prefix Blocked Error
                              24 w1c AtomicOp Egress Blocked
                              23 w1c MC Blocked TLP
                              22 w1c Uncorrectable Internal Error
                              21 w1c ACS Violation
                              20 w1c Unsupported Request Error
                              19 w1c ECRC Error
                              18 w1c Malformed TLP
                              17 w1c Receiver Overflow
                              16 w1c Unexpected Completion
                              15 w1c Completer Abort
                              14 w1c Completion Timeout
                              13 w1c Flow Control Protocol Error
                              12 w1c Poisoned TLP Received
                              11:6 --
                              5 w1c Surprise Down Error
                              4 w1c Data Link Protocol Error
                              3:0 --
                            """)
                    .getFirst();
    private static final RegisterLayout CORRECTABLE =
            RegisterLayout.table(
                            """
                            10 32 Correctable Error Status
                              31:16 --
                              15 w1c Header Log Overflow
                              14 w1c Corrected Internal Error
                              13 w1c Advisory Non-Fatal Error
                              12 w1c Replay Timer Timeout
                              11:9 --
                              8 w1c REPLAY_NUM Rollover
                              7 w1c Bad DLLP
                              6 w1c Bad TLP
                              5:1 --
                              0 w1c Receiver Error
                            """)
                    .getFirst();
    private static final List<RegisterLayout> CONTROL =
            RegisterLayout.table(
                    """
                    18 32 Advanced Error Capabilities and Control
                      31:13 --
                      12 ro Completion Timeout Prefix/Header Log Capable
                      11 ro TLP Prefix Log Present
                      10 rw Multiple Header Recording Enable
                      9 ro Multiple Header Recording Capable
                      8 rw ECRC Check Enable
                      7 ro ECRC Check Capable
                      6 rw ECRC Generation Enable
                      5 ro ECRC Generation Capable
                      4:0 ro First Error Pointer
                    1c 32 Header Log, 1st word
                      31:0 ro TLP header
                    20 32 Header Log, 2nd word
                      31:0 ro TLP header
                    24 32 Header Log, 3rd word
                      31:0 ro TLP header
                    28 32 Header Log, 4th word
                      31:0 ro TLP header
                    """);
    private static final List<RegisterLayout> ROOT =
            RegisterLayout.table(
                    """
                    2c 32 Root Error Command
                      31:3 --
                      2 rw Fatal Error Reporting Enable
                      1 rw Non-Fatal Error Reporting Enable
                      0 rw Correctable Error Reporting Enable
                    30 32 Root Error Status
                      31:27 ro Advanced Error Interrupt Message Number
                      26:7 --
                      6 w1c Fatal Error Messages Received
                      5 w1c Non-Fatal Error Messages Received
                      4 w1c First Uncorrectable Fatal
                      3 w1c Multiple ERR_FATAL/NONFATAL Received
                      2 w1c ERR_FATAL/NONFATAL Received
                      1 w1c Multiple ERR_COR Received
                      0 w1c ERR_COR Received
                    34 32 Error Source Identification
                      31:16 ro ERR_FATAL/NONFATAL Source
                      15:0 ro ERR_COR Source
                    """);

    private ErrorLayouts() {}

    /// What a function of this type has.
    static List<RegisterLayout> reporting(PortType type) {
        var registers = new ArrayList<RegisterLayout>();
        registers.add(UNCORRECTABLE);
        registers.add(UNCORRECTABLE.as("Uncorrectable Error Mask", 0x08, READ_WRITE));
        registers.add(UNCORRECTABLE.as("Uncorrectable Error Severity", 0x0c, READ_WRITE));
        registers.add(CORRECTABLE);
        registers.add(CORRECTABLE.as("Correctable Error Mask", 0x14, READ_WRITE));
        registers.addAll(CONTROL);
        if (type == PortType.ROOT_PORT || type == PortType.EVENT_COLLECTOR) {
            registers.addAll(ROOT);
        }
        return registers;
    }
}
