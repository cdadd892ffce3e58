package iommulab.engine.os.vfio;

import iommulab.engine.os.call.Answer;
import iommulab.engine.os.process.Capability;
import iommulab.engine.os.process.ProcessDescription;
import iommulab.engine.os.process.ProcessDescription.Buffer;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.KernelLab;
import iommulab.engine.session.KernelLab.Device;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/// A machine whose devices are reached through VFIO's groups and containers.
final class VfioLab {
    final KernelLab lab;

    private VfioLab(KernelLab lab) {
        this.lab = lab;
    }

    static VfioLab of(List<Device> group) {
        return on(ProcessDescription.USUAL, List.of(group));
    }

    static VfioLab of(List<Device> first, List<Device> second) {
        return on(ProcessDescription.USUAL, List.of(first, second));
    }

    private static VfioLab on(List<ProcessDescription> processes, List<List<Device>> groups) {
        return new VfioLab(KernelLab.of(Architecture.VTD_SCALABLE, processes, false, groups));
    }

    static VfioLab poor(long pages, List<Device> group) {
        return on(List.of(poor(pages)), List.of(group));
    }

    static VfioLab poor(long pages, List<Device> first, List<Device> second) {
        return on(List.of(poor(pages)), List.of(first, second));
    }

    /// `p0` may lock so many pages and has no rights beyond; it has 64 KiB in `buf` and a page in `ro` that
    /// cannot be written.
    private static ProcessDescription poor(long pages) {
        return new ProcessDescription(
                "p0",
                Set.of(Capability.CAP_SYS_RESOURCE),
                OptionalLong.of(pages),
                List.of(
                        new Buffer("buf", 0x10000, true, false),
                        new Buffer("ro", 0x1000, false, false)));
    }

    Answer ok(String call, Object... values) {
        return lab.ok(call, values);
    }

    Answer refused(String errno, String call, Object... values) {
        return lab.refused(errno, call, values);
    }

    String container() {
        return lab.first("vfio.container_open()");
    }

    String group(int number) {
        return lab.first("vfio.group_open(group=%d)", number);
    }

    /// A container with a group and a backend.
    ///
    /// @param type of the backend
    String container(int group, String type) {
        var container = container();
        join(group(group), container);
        ok("vfio.set_iommu(container=%s, type=%s)", container, type);
        return container;
    }

    void join(String group, String container) {
        ok("vfio.group_set_container(group_fd=%s, container=%s)", group, container);
    }

    String device(String group, String device) {
        return lab.first("vfio.group_get_device_fd(group_fd=%s, device=%s)", group, device);
    }

    void map(String container, long iova, String memory, long bytes) {
        ok(
                "vfio.type1_map(container=%s, iova=0x%x, vaddr=%s, size=0x%x, flags=rw)",
                container, iova, memory, bytes);
    }

    void noMap(String errno, String container, long iova, String memory, long bytes) {
        refused(
                errno,
                "vfio.type1_map(container=%s, iova=0x%x, vaddr=%s, size=0x%x, flags=rw)",
                container,
                iova,
                memory,
                bytes);
    }

    /// @return bytes that were mapped
    long unmap(String container, long iova, long bytes) {
        return Long.decode(
                lab.first(
                        "vfio.type1_unmap(container=%s, iova=0x%x, size=0x%x, flags=[])",
                        container, iova, bytes));
    }

    void noUnmap(String errno, String container, long iova, long bytes) {
        refused(
                errno,
                "vfio.type1_unmap(container=%s, iova=0x%x, size=0x%x, flags=[])",
                container,
                iova,
                bytes);
    }

    /// Where a read ends: `buf+0x0`, or the reason why it does not.
    String read(String device, long iova) {
        var answer = ok("dma.issue(device=%s, iova=0x%x, dir=read, length=4)", device, iova);
        var host = answer.returns().get("host");
        return (host == null ? answer.returns().get("reason") : host).toString();
    }

    long pinned() {
        return Long.parseLong(lab.first("mem.pinned()"));
    }

    String owner(int group) {
        return lab.first("iommu.group_state(group=%d)", group);
    }
}
