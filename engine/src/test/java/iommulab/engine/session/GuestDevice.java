package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Value;

import java.util.List;
import java.util.OptionalInt;

/// A device of a guest that keeps its own tables, as the device and the guest use it.
///
/// @param lab whose `devA` it is
record GuestDevice(KernelLab lab) {
    /// Where the guest's tables of these tests map their page.
    static final long GVA = 0x7000L;

    String tableThatMaps(long gva, long gpa) {
        var table = lab.first("guest.pt_create()");
        lab.ok("guest.pt_map(pt=%s, gva=0x%x, gpa=0x%x)", table, gva, gpa);
        return table;
    }

    Answer read(OptionalInt pasid, long address) {
        return lab.ok(
                "dma.issue(device=devA, iova=0x%x, dir=read, length=4%s)",
                address, pasid.isPresent() ? ", pasid=" + pasid.getAsInt() : "");
    }

    String reached(OptionalInt pasid, long address) {
        var answer = read(pasid, address);
        assertThat(answer.returns().get("outcome")).as(answer.rule()).hasToString("ok");
        return answer.returns().get("host").toString();
    }

    String reached(int pasid) {
        return reached(OptionalInt.of(pasid), GVA);
    }

    String stopped(OptionalInt pasid, long address) {
        var answer = read(pasid, address);
        assertThat(answer.returns().get("outcome")).as(answer.rule()).hasToString("fault");
        return answer.returns().get("reason").toString();
    }

    String stopped(int pasid) {
        return stopped(OptionalInt.of(pasid), GVA);
    }

    /// What the device reaches through the parent alone.
    String behind(long gpa) {
        return reached(OptionalInt.empty(), gpa);
    }

    // ---- what guest and hypervisor do

    /// The hypervisor maps the guest's memory.
    void mapMemory(String fd, String ioas, long gpa) {
        lab.ok(
                "iommufd.ioas_map(iommufd=%s, ioas_id=%s, user_va=buf, length=0x4000,"
                        + " flags=[fixed, read, write], iova=0x%x)",
                fd, ioas, gpa);
    }

    /// The guest is given the device under a number of its own.
    void isKnown(String fd, String viommu, KernelLab.Bound device, int number) {
        lab.ok(
                "iommufd.vdevice_alloc(iommufd=%s, viommu_id=%s, dev_id=%s, virt_id=%d)",
                fd, viommu, device.id(), number);
    }

    /// The words of an entry that a call returned.
    static List<Long> words(Answer answer, String field) {
        return ((Value.Items) answer.returns().get(field))
                .items().stream()
                        .map(word -> Long.parseUnsignedLong(word.toString().substring(2), 16))
                        .toList();
    }
}
