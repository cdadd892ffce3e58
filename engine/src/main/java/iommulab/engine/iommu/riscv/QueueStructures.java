package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.Structure;

/// What lies in the three queues, bit by bit: commands, fault records, page requests.
/// Spec: RISC-V IOMMU, "In-memory queue interface".
public final class QueueStructures {
    private QueueStructures() {}

    /// 128 bits: a command, by its opcode and function; others are shown as one without operands.
    public static Structure command(RiscvCommand command) {
        return switch (command.operation()) {
            case RiscvCommand.IOTINVAL_VMA -> invalidation("IOTINVAL.VMA", true);
            case RiscvCommand.IOTINVAL_GVMA -> invalidation("IOTINVAL.GVMA", false);
            case RiscvCommand.IOFENCE -> fence();
            case RiscvCommand.INVAL_DDT -> directory("IODIR.INVAL_DDT", false);
            case RiscvCommand.INVAL_PDT -> directory("IODIR.INVAL_PDT", true);
            case RiscvCommand.ATS_INVAL -> ats("ATS.INVAL");
            case RiscvCommand.ATS_PRGR -> ats("ATS.PRGR");
            default -> operation("Illegal command").reserved(0, 63, 10).reserved(1, 63, 0).build();
        };
    }

    private static Structure.Builder operation(String name) {
        return new Structure.Builder(name, 2)
                .value(0, 9, 7, "func3", value -> "function %d".formatted(value))
                .value(0, 6, 0, "opcode", QueueStructures::opcodeName);
    }

    private static String opcodeName(long opcode) {
        return switch ((int) opcode) {
            case 1 -> "IOTINVAL";
            case 2 -> "IOFENCE";
            case 3 -> "IODIR";
            case 4 -> "ATS";
            default -> "reserved";
        };
    }

    private static Structure invalidation(String name, boolean first) {
        var command =
                operation(name)
                        .reserved(1, 63, 62)
                        .units(1, 61, 10, "ADDR", "page", 12)
                        .bit(1, 9, "S", "one page", "a range: the lowest 0 of ADDR ends it")
                        .reserved(1, 8, 0)
                        .reserved(0, 63, 60)
                        .value(0, 59, 44, "GSCID", value -> "guest %d".formatted(value))
                        .reserved(0, 43, 35)
                        .bit(0, 34, "NL", "leaf entries only", "tables above them too")
                        .bit(
                                0,
                                33,
                                "GV",
                                first ? "the host's spaces" : "all guests",
                                "spaces of that guest")
                        .reserved(0, 11, 11)
                        .bit(0, 10, "AV", "all addresses", "addresses of ADDR");
        if (first) {
            return command.bit(0, 32, "PSCV", "all spaces", "space PSCID, not global entries")
                    .value(0, 31, 12, "PSCID", value -> "address space %d".formatted(value))
                    .build();
        }
        return command.reserved(0, 32, 32).ignored(0, 31, 12).build();
    }

    private static Structure fence() {
        return operation("IOFENCE.C")
                .reserved(1, 63, 62)
                .value(1, 61, 0, "ADDR[63:2]", value -> "data go to 0x%x".formatted(value << 2))
                .value(0, 63, 32, "DATA", value -> "0x%x".formatted(value))
                .reserved(0, 31, 14)
                .bit(0, 13, "PW", "earlier writes may be under way", "earlier writes are done")
                .bit(0, 12, "PR", "earlier reads may be under way", "earlier reads are done")
                .bit(0, 11, "WSI", "no interrupt", "interrupt by wire")
                .bit(0, 10, "AV", "no data", "writes DATA to ADDR")
                .build();
    }

    private static Structure directory(String name, boolean process) {
        var command =
                operation(name)
                        .reserved(1, 63, 0)
                        .value(0, 63, 40, "DID", value -> "device 0x%x".formatted(value))
                        .reserved(0, 39, 34)
                        .bit(0, 33, "DV", "all devices", "device DID")
                        .reserved(0, 32, 32)
                        .reserved(0, 11, 10);
        return process
                ? command.value(0, 31, 12, "PID", value -> "process %d".formatted(value)).build()
                : command.reserved(0, 31, 12).build();
    }

    private static Structure ats(String name) {
        return operation(name)
                .value(1, 63, 0, "PAYLOAD", value -> "0x%x".formatted(value))
                .value(0, 63, 56, "DSEG", value -> "segment %d".formatted(value))
                .value(0, 55, 40, "RID", value -> "requester 0x%x".formatted(value))
                .reserved(0, 39, 34)
                .bit(0, 33, "DSV", "no segment", "segment DSEG")
                .bit(0, 32, "PV", "no process", "process PID")
                .value(0, 31, 12, "PID", value -> "process %d".formatted(value))
                .reserved(0, 11, 10)
                .build();
    }

    /// 256 bits: a record of the fault queue.
    public static Structure faultRecord() {
        return new Structure.Builder("Fault record", 4)
                .value(3, 63, 0, "iotval2", value -> "0x%x".formatted(value))
                .value(2, 63, 0, "iotval", value -> "0x%x".formatted(value))
                .ignored(1, 63, 0)
                .value(0, 63, 40, "DID", value -> "device 0x%x".formatted(value))
                .value(0, 39, 34, "TTYP", QueueStructures::typeName)
                .bit(0, 33, "PRIV", "user", "supervisor")
                .bit(0, 32, "PV", "no process", "process PID")
                .value(0, 31, 12, "PID", value -> "process %d".formatted(value))
                .value(0, 11, 0, "CAUSE", QueueStructures::causeName)
                .build();
    }

    private static String causeName(long cause) {
        return RiscvFault.ofCode((int) cause).map(RiscvFault::kernelText).orElse("unknown");
    }

    private static String typeName(long type) {
        return switch ((int) type) {
            case 0 -> "the IOMMU's own access";
            case FaultRecord.EXECUTE -> "untranslated read for execute";
            case FaultRecord.READ -> "untranslated read";
            case FaultRecord.WRITE -> "untranslated write";
            case FaultRecord.TRANSLATED + FaultRecord.EXECUTE -> "translated read for execute";
            case FaultRecord.TRANSLATED + FaultRecord.READ -> "translated read";
            case FaultRecord.TRANSLATED + FaultRecord.WRITE -> "translated write";
            case FaultRecord.ATS_REQUEST -> "ATS translation request";
            case FaultRecord.MESSAGE -> "message request";
            default -> "reserved";
        };
    }

    /// 128 bits: a record of the page-request queue.
    public static Structure pageRequest() {
        return new Structure.Builder("Page request", 2)
                .address(1, 63, 12, "Page address", "page")
                .value(1, 11, 3, "PRG index", value -> "group %d".formatted(value))
                .bit(1, 2, "L", "more of its group follow", "the last of its group")
                .bit(1, 1, "W", "not to write", "to write")
                .bit(1, 0, "R", "not to read", "to read")
                .value(0, 63, 40, "DID", value -> "device 0x%x".formatted(value))
                .reserved(0, 39, 35)
                .bit(0, 34, "EXEC", "not to execute", "to execute")
                .bit(0, 33, "PRIV", "user", "supervisor")
                .bit(0, 32, "PV", "no process", "process PID")
                .value(0, 31, 12, "PID", value -> "process %d".formatted(value))
                .reserved(0, 11, 0)
                .build();
    }
}
