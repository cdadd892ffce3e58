package iommulab.engine.session;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.os.Domain;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.DeviceRequests;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot.PasidUse;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/// DMA and page requests of a machine's functions, through the fabric and the IOMMUs.
final class MachineRequests implements DeviceRequests {
    private final Machine machine;

    MachineRequests(Machine machine) {
        this.machine = machine;
    }

    @Override
    public List<PageAsk> openPageRequests(PciAddress function) {
        var asked = new ArrayList<PageAsk>();
        machine.deviceTlbs
                .find(function)
                .ifPresent(member -> {
                    for (var group : new TreeMap<>(member.device().pages().open()).entrySet()) {
                        var prefix = group.getValue().getFirst().prefix();
                        asked.add(
                                new PageAsk(
                                        prefix.isPresent() ? prefix.pasid() : 0,
                                        group.getKey(),
                                        group.getValue().stream()
                                                .map(page -> page.iova())
                                                .toList()));
                    }
                });
        return asked;
    }

    @Override
    public void answerPages(PciAddress function, int group, PageResponse response) {
        try {
            DeviceCommands.answerPages(machine, function, group, response);
        } catch (CommandRefused gone) {
            // The device was reset or its services were switched off: nobody waits any more.
        }
    }

    @Override
    public Dma dma(PciAddress function, long iova, int bytes, boolean write, OptionalInt pasid)
            throws CallFailed {
        var prefix = pasid.isPresent() ? PasidPrefix.of(pasid.getAsInt()) : PasidPrefix.NONE;
        var access = write ? Access.WRITE : Access.READ;
        if (bytes < 1 || !DmaPath.isWithinPage(iova, bytes)) {
            throw new CallFailed(
                    "EINVAL", "A request has at least one byte and stays within 4 KiB.");
        }
        var event =
                machine.traffic.issueOne(
                        new Command.IssueDma(function, iova, bytes, access, prefix));
        var note = event.fault().map(FaultReason::meaning).orElse(event.note());
        return switch (event.outcome()) {
            case FAULT -> new Dma(false, 0, reason(function, pasid), note);
            case BLOCKED -> new Dma(false, 0, "blocked", note);
            default -> new Dma(true, event.target(), "", note);
        };
    }

    /// Why the last request was stopped, in the words of the kernel's users: stages count only where there
    /// are two.
    private String reason(PciAddress function, OptionalInt pasid) {
        var cause =
                Optional.ofNullable(machine.wiring().unitOf().get(function))
                        .flatMap(unit -> machine.units.get(unit).hardware().lastCause())
                        .orElse(StopCause.OTHER);
        boolean nested =
                usedBy(function, pasid).filter(d -> d.identity().parent() != 0).isPresent();
        return switch (cause) {
            case BLOCKED -> "blocked";
            case PASID -> "pasid";
            case FIRST_STAGE_UNMAPPED -> nested ? "s1_unmapped" : "unmapped";
            case FIRST_STAGE_RIGHTS -> nested ? "s1_perm" : "perm";
            case SECOND_STAGE_UNMAPPED -> "unmapped";
            case SECOND_STAGE_RIGHTS -> "perm";
            case OTHER -> "other";
        };
    }

    private Optional<Domain> usedBy(PciAddress function, OptionalInt pasid) {
        var own =
                machine.wiring()
                        .grouping()
                        .groupOf(function)
                        .flatMap(group -> machine.domains.groups.domainOf(group.id()));
        boolean sharesEntry = own.flatMap(Domain::guest).isPresent();
        return pasid.isPresent() && !sharesEntry
                ? machine.domains.pasids.domainOf(new PasidUse(function, pasid.getAsInt()))
                : own;
    }
}
