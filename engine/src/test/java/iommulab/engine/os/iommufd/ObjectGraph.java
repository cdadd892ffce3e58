package iommulab.engine.os.iommufd;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.Kernel;
import iommulab.engine.os.OpenFile;
import iommulab.engine.os.device.DeviceGroup;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;

/// The objects of all IOMMUFDs, with their holders counted anew from who refers to what.
public final class ObjectGraph {
    private final Kernel kernel;
    private final Map<IoObject, Integer> holders = new HashMap<>();

    private ObjectGraph(Kernel kernel) {
        this.kernel = kernel;
    }

    /// Fails if an object has another number of holders than things refer to it, or if nothing leads to it.
    public static void mustAgree(Kernel kernel) {
        var graph = new ObjectGraph(kernel);
        for (var file : kernel.files().all()) {
            if (file instanceof Iommufd iommufd) {
                graph.count(iommufd);
            }
        }
    }

    private void count(Iommufd file) {
        holders.clear();
        file.objects().forEach(this::countWhatItHolds);
        kernel.files().all().forEach(this::countWhatItHolds);
        for (var object : file.objects()) {
            assertThat(object.references())
                    .as("holders of %s of %s: %s", object, file, object.holders())
                    .isEqualTo(holders.getOrDefault(object, 0));
            assertThat(file.find(object.id())).contains(object);
            if (object instanceof PageTable table && table.isAutomatic()) {
                assertThat(object.isHeld()).as("%s has a user", object).isTrue();
            }
        }
        lockedMappingsHaveTheirQueues(file);
    }

    private void isHeld(IoObject object) {
        holders.merge(object, 1, Integer::sum);
    }

    private void countWhatItHolds(OpenFile file) {
        switch (file) {
            case FaultFile opened -> isHeld(opened.queue());
            case EventFile opened -> isHeld(opened.queue());
            default -> {}
        }
    }

    private void countWhatItHolds(IoObject object) {
        switch (object) {
            case PageTable table -> {
                table.faults().ifPresent(this::isHeld);
                if (table instanceof PagingTable paging) {
                    isHeld(paging.space());
                } else if (table instanceof NestedTable nested) {
                    isHeld(nested.viommu().<IoObject>map(v -> v).orElse(nested.parent()));
                }
            }
            case VirtualIommu viommu -> isHeld(viommu.parent());
            case VirtualDevice device -> {
                isHeld(device.viommu());
                assertThat(device.device().virtual().get()).contains(device);
            }
            case EventQueue queue -> isHeld(viommuOf(queue));
            case HardwareQueue queue -> {
                var viommu = viommuOf(queue);
                isHeld(viommu);
                viommu.queue(queue.index() - 1).ifPresent(this::isHeld);
            }
            case BoundDevice device -> {
                isHeld(device);
                device.attachedPasids()
                        .forEach(pasid -> isHeld(device.attached(pasid).orElseThrow()));
            }
            case SoftwareAccess access -> {
                isHeld(access);
                access.space().ifPresent(this::isHeld);
            }
            default -> {}
        }
    }

    private static VirtualIommu viommuOf(EventQueue queue) {
        return viommuOf(queue.file(), v -> v.events(queue.eventType()).equals(Optional.of(queue)));
    }

    private static VirtualIommu viommuOf(HardwareQueue queue) {
        return viommuOf(queue.file(), v -> v.queue(queue.index()).equals(Optional.of(queue)));
    }

    private static VirtualIommu viommuOf(Iommufd file, Predicate<VirtualIommu> has) {
        return file.objects().stream()
                .filter(VirtualIommu.class::isInstance)
                .map(VirtualIommu.class::cast)
                .filter(has)
                .findFirst()
                .orElseThrow();
    }

    private static void lockedMappingsHaveTheirQueues(Iommufd file) {
        long queues = file.objects().stream().filter(HardwareQueue.class::isInstance).count();
        if (queues == 0) {
            file.objects().stream()
                    .filter(IoAddressSpace.class::isInstance)
                    .map(IoAddressSpace.class::cast)
                    .forEach(space ->
                            assertThat(space.hasLocked())
                                    .as("locked mappings of %s", space)
                                    .isFalse());
        }
    }

    /// Fails if closing all that is open leaves something: an owner, a locked page, a user of a device.
    public static void mustEndWithNothing(Kernel kernel) {
        while (!kernel.files().all().isEmpty()) {
            var byHandle = new TreeSet<String>();
            kernel.files().all().forEach(file -> byHandle.add(file.handle()));
            kernel.files().close(kernel.files().find(byHandle.last()).orElseThrow());
        }
        for (var process : kernel.processes().all()) {
            assertThat(kernel.locked().of(process)).as("pages of %s locked", process).isZero();
        }
        for (var group : kernel.devices().groups()) {
            assertThat(group.owner()).as("owner of %s", group).isEmpty();
            if (group.ownerCount() == 0) {
                assertThat(group.use())
                        .as("domain of %s", group)
                        .isEqualTo(DeviceGroup.Use.DEFAULT);
            }
        }
        for (var device : kernel.devices().all()) {
            assertThat(device.isOpen()).as("%s has users", device).isFalse();
        }
    }
}
