package iommulab.engine.io.oracle;

import com.google.gson.JsonObject;

import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.riscv.Mapping;
import iommulab.engine.iommu.riscv.RiscvFault;
import iommulab.engine.iommu.riscv.RiscvUnit;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/// What a RISC-V IOMMU answered to one request.
///
/// @param answer of [Iommu#translate]
/// @param fault why it was stopped
/// @param mapping what the tables say
record RiscvAnswer(
        long iova,
        int access,
        long answer,
        @Nullable RiscvFault fault,
        long iotval2,
        Optional<Mapping> mapping) {

    static RiscvAnswer of(RiscvUnit unit, JsonObject step) {
        int pasid =
                step.get("pid_valid").getAsBoolean()
                        ? step.get("process_id").getAsInt()
                        : Iommu.NO_PASID;
        long iova = Json.bits(step, "iova");
        int access = access(step);
        long answer = unit.translate(step.get("device_id").getAsInt(), pasid, iova, access);
        return new RiscvAnswer(
                iova, access, answer, unit.lastFault(), unit.lastIotval2(), unit.lastMapping());
    }

    private static int access(JsonObject step) {
        boolean write = step.get("write").getAsBoolean();
        boolean execute = step.get("exec").getAsBoolean();
        int privilege = step.get("priv").getAsBoolean() ? Iommu.PRIVILEGED : 0;
        return switch (step.get("at").getAsString()) {
            case "ats" ->
                    Iommu.ASKS
                            | Iommu.READ
                            | privilege
                            | (write ? Iommu.WRITE : 0)
                            | (execute ? Iommu.EXECUTE : 0);
            case "translated" -> Iommu.TRANSLATED | privilege | kind(write, execute);
            default -> privilege | kind(write, execute);
        };
    }

    private static int kind(boolean write, boolean execute) {
        if (write) {
            return Iommu.WRITE;
        }
        return execute ? Iommu.EXECUTE : Iommu.READ;
    }

    /// @param step where an exact `iotval2` is told beside the model's
    boolean agreesWith(JsonObject expect, JsonObject step) {
        if (!expect.get("ok").getAsBoolean()) {
            return agreesWithFault(expect);
        }
        if (expect.has("no_access")) {
            return answer == 0 && asks();
        }
        if (fault != null) {
            return false;
        }
        boolean plain = mapping.isEmpty();
        if (plain) {
            return answer == Json.bits(expect, "pa");
        }
        return agreesWith(expect, mapping.get());
    }

    private boolean asks() {
        return (access & Iommu.ASKS) != 0;
    }

    private boolean agreesWithFault(JsonObject expect) {
        if (fault == null || fault.code() != expect.get("cause").getAsInt()) {
            return false;
        }
        boolean value =
                iotval2 == Json.bits(expect, "iotval2")
                        || expect.has("iotval2_exact")
                                && iotval2 == Json.bits(expect, "iotval2_exact");
        boolean aborts = asks() && fault.atsAnswer() == RiscvFault.AtsAnswer.ABORT;
        return value
                && iova == Json.bits(expect, "iotval")
                && answer == -fault.code()
                && aborts == expect.get("status").getAsString().equals("ca");
    }

    private boolean agreesWith(JsonObject expect, Mapping page) {
        long pa = Json.bits(expect, "pa");
        boolean mrif = expect.has("mrif");
        long ours =
                asks() && !mrif
                        ? page.address() | iova & page.pageBytes() - 1
                        : asks() ? page.address() : answer;
        return ours == pa
                && sizeAgrees(expect, page)
                && page.memoryType() == expect.get("pbmt").getAsInt()
                && flag(expect, "r", page.read())
                && (flag(expect, "w", page.write()) || expect.has("w_after_update"))
                && flag(expect, "x", page.execute())
                && mrif == page.interruptFile().isPresent()
                && page.interruptFile().stream().allMatch(file -> sameFile(expect, file))
                && (!asks() || completionAgrees(expect, page));
    }

    private static boolean sizeAgrees(JsonObject expect, Mapping page) {
        return expect.has("napot") || page.pageBytes() == Json.bits(expect, "size");
    }

    private static boolean sameFile(JsonObject expect, Mapping.InterruptFile file) {
        return file.hpa() == Json.bits(expect, "mrif_addr")
                && file.noticeId() == expect.get("mrif_nid").getAsInt();
    }

    private boolean completionAgrees(JsonObject expect, Mapping page) {
        boolean untranslatedOnly = (answer & Iommu.UNTRANSLATED_ONLY) != 0;
        return flag(expect, "global", page.global()) && flag(expect, "u", untranslatedOnly);
    }

    private static boolean flag(JsonObject expect, String member, boolean ours) {
        return !expect.has(member) || expect.get(member).getAsInt() == (ours ? 1 : 0);
    }
}
