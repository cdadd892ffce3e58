package iommulab.engine.session;

import iommulab.engine.group.DomainType;
import iommulab.engine.group.Group;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.Attachments;
import iommulab.engine.pci.Pasid;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;
import iommulab.engine.session.MachineSnapshot.PasidUse;

import java.util.List;

/// Which domains the groups and PASIDs of a machine use: every change is made by the drivers, in the entries
/// that hardware reads. Groups that no IOMMU translates are passed over.
final class MachineAttachments implements Attachments {
    private final Machine machine;
    private final DomainDrivers drivers;
    private final Doorbells doorbells;

    MachineAttachments(Machine machine, DomainDrivers drivers) {
        this.machine = machine;
        this.drivers = drivers;
        doorbells = new Doorbells(machine);
    }

    private Domains domains() {
        return machine.domains;
    }

    @Override
    public boolean isInDefault(int group) {
        return domains().groups.requestersOf(group).isEmpty()
                || domains().groups.isInDefault(group);
    }

    private boolean isTranslated(int group) {
        return !domains().groups.requestersOf(group).isEmpty();
    }

    @Override
    public void attach(int group, int domain) throws CallFailed {
        if (isTranslated(group)) {
            doorbells.install(group, drivers.domain(domain));
            DomainDrivers.passOnDoing(() -> domains().groups.move(group, drivers.domain(domain)));
        }
    }

    @Override
    public void block(int group) throws CallFailed {
        if (isTranslated(group)) {
            DomainDrivers.passOnDoing(() -> domains().groups.block(group));
        }
    }

    @Override
    public void useDefault(int group) throws CallFailed {
        if (isTranslated(group)) {
            DomainDrivers.passOnDoing(() -> domains().groups.backToDefault(group));
        }
    }

    @Override
    public void setDefaultType(int number, String type) throws CallFailed {
        if (!isTranslated(number)) {
            return;
        }
        for (var group : machine.wiring().grouping().groups()) {
            if (group.id() == number) {
                DomainDrivers.passOnDoing(
                        () -> domains().groups.setDefaultType(group, typeOf(group, type)));
            }
        }
    }

    private static DomainType typeOf(Group group, String type) {
        for (var known : DomainType.values()) {
            if (known.sysfs().equals(type)) {
                return known;
            }
        }
        return group.type();
    }

    private List<RequesterId> requesters(PciAddress function) {
        return List.of(drivers.requesterOf(function));
    }

    @Override
    public void enableInterrupts(PciAddress function) throws CallFailed {
        doorbells.enable(function);
    }

    @Override
    public void attachPasid(PciAddress function, int pasid, int domain) throws CallFailed {
        var use = new PasidUse(function, pasid);
        DomainDrivers.passOnDoing(() -> {
            if (domains().pasids.isAttached(use)) {
                domains().pasids.detach(use, requesters(function));
            }
            domains().pasids.attach(use, drivers.domain(domain), requesters(function));
            switchPasidsOn(function);
        });
    }

    /// As `pci_enable_pasid` does: without it the device's requests have no prefix.
    private void switchPasidsOn(PciAddress address) {
        machine.wiring()
                .topology()
                .find(address)
                .ifPresent(function ->
                        Pasid.of(function.config())
                                .filter(capability -> !capability.isEnabled())
                                .ifPresent(capability ->
                                        machine.replaceFunction(
                                                function.withConfig(
                                                        capability.enabled(function.config())))));
    }

    @Override
    public void detachPasid(PciAddress function, int pasid) throws CallFailed {
        var use = new PasidUse(function, pasid);
        if (domains().pasids.isAttached(use)) {
            DomainDrivers.passOnDoing(() -> domains().pasids.detach(use, requesters(function)));
        }
    }
}
