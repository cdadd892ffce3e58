package iommulab.engine.os.vfio;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.Kernel;
import iommulab.engine.os.OpenFile;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.iommufd.BoundDevice;
import iommulab.engine.os.iommufd.EventFile;
import iommulab.engine.os.iommufd.FaultFile;
import iommulab.engine.os.iommufd.Iommufd;
import iommulab.engine.os.iommufd.SoftwareAccess;
import iommulab.engine.os.process.LockedPages.Payer;
import iommulab.engine.os.process.Process;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// References of files, owners of groups and bills of pages, counted anew from who refers to what.
public final class VfioGraph {
    private static final long PAGE = 4096;

    private final Kernel kernel;
    private final Set<OpenFile> living = new LinkedHashSet<>();

    private VfioGraph(Kernel kernel) {
        this.kernel = kernel;
        var toVisit = new ArrayList<>(kernel.files().all());
        while (!toVisit.isEmpty()) {
            var file = toVisit.removeFirst();
            if (living.add(file)) {
                file.holds().forEach(held -> toVisit.add(held.file()));
            }
        }
    }

    /// Fails if a count is not what it is when it is counted anew.
    public static void mustAgree(Kernel kernel) {
        var graph = new VfioGraph(kernel);
        graph.living.forEach(graph::referencesAgree);
        graph.ownersAgree();
        graph.usersAgree();
        kernel.processes().all().forEach(graph::billAgrees);
        graph.pasidsAgree();
    }

    private <T> List<T> all(Class<T> kind) {
        return living.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private void referencesAgree(OpenFile file) {
        long references = kernel.files().all().contains(file) ? 1 : 0;
        for (var other : living) {
            references +=
                    other.holds().stream()
                            .filter(held -> held.file() == file && !held.isObject())
                            .count();
        }
        if (file instanceof Iommufd iommufd) {
            references +=
                    iommufd.objects().stream()
                            .filter(object ->
                                    object instanceof BoundDevice
                                            || object instanceof SoftwareAccess)
                            .count();
            references +=
                    all(FaultFile.class).stream()
                            .filter(one -> one.queue().file() == iommufd)
                            .count();
            references +=
                    all(EventFile.class).stream()
                            .filter(one -> one.queue().file() == iommufd)
                            .count();
        }
        assertThat(file.references()).as("references of %s", file).isEqualTo((int) references);
    }

    private void ownersAgree() {
        for (var group : kernel.devices().groups()) {
            if (group.owner().isEmpty()) {
                continue;
            }
            int claims =
                    switch (group.owner().get()) {
                        case Container container ->
                                (int)
                                        container.groups().stream()
                                                .filter(file ->
                                                        file.group().groupId() == group.id())
                                                .count();
                        case Iommufd iommufd ->
                                (int)
                                        iommufd.objects().stream()
                                                .filter(object ->
                                                        object instanceof BoundDevice bound
                                                                && bound.device()
                                                                        .group()
                                                                        .filter(group::equals)
                                                                        .isPresent())
                                                .count();
                        default -> throw new AssertionError(group.owner() + " owns " + group);
                    };
            assertThat(group.ownerCount()).as("claims on %s", group).isEqualTo(claims);
        }
    }

    private void usersAgree() {
        for (var device : kernel.devices().all()) {
            assertThat(device.isOpen()).as("%s is open", device).isEqualTo(hasUser(device));
        }
    }

    private boolean hasUser(PhysicalDevice device) {
        return all(DeviceFile.class).stream()
                        .anyMatch(file -> file.bound().isPresent() && uses(file.device(), device))
                || all(GroupDeviceFile.class).stream()
                        .anyMatch(file -> uses(file.device(), device));
    }

    private static boolean uses(VfioDevice lent, PhysicalDevice device) {
        return switch (lent) {
            case VfioDevice.Physical(var function) -> function == device;
            case MediatedDevice made -> made.parent() == device;
        };
    }

    /// Only containers bill processes, unless an IOMMUFD was told to.
    private void billAgrees(Process process) {
        if (all(Iommufd.class).stream().anyMatch(file -> file.billsProcess().get())) {
            return;
        }
        long pages = 0;
        for (var container : all(Container.class)) {
            if (container.backend().isPresent()) {
                var type1 = container.backend().get();
                for (var mapping : type1.mappings()) {
                    if (mapping.bill().process() == process) {
                        assertThat(mapping.isPinned())
                                .as("%s is pinned", mapping)
                                .isEqualTo(!type1.domains().isEmpty());
                        pages +=
                                mapping.isPinned()
                                        ? mapping.bytes() / PAGE
                                        : type1.pins().pagesIn(mapping);
                    }
                }
            }
        }
        assertThat(kernel.locked().total(process, Payer.PROCESS))
                .as("pages on the bill of %s", process)
                .isEqualTo(pages);
    }

    private void pasidsAgree() {
        var bonds = kernel.bonds();
        bonds.owners()
                .all()
                .forEach((pasid, process) ->
                        assertThat(process.memory().pasid().get())
                                .as("PASID of %s", process)
                                .isEqualTo(pasid));
        for (var bond : bonds.all()) {
            assertThat(bond.group().pasids().has(bond.pasid())).as("PASID of %s", bond).isTrue();
            assertThat(bond.references()).as("references of %s", bond).isPositive();
        }
        for (var process : kernel.processes().all()) {
            long tables =
                    bonds.tables().stream()
                            .filter(table -> table.memory() == process.memory())
                            .count();
            assertThat(process.memory().watchers().size())
                    .as("watchers of %s", process)
                    .isEqualTo((int) tables);
            boolean used = bonds.all().stream().anyMatch(bond -> bond.process() == process);
            assertThat(tables > 0)
                    .as("tables of %s", process)
                    .isEqualTo(used && process.running().get());
        }
    }
}
