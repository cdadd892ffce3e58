package iommulab.engine.session;

import iommulab.engine.ats.PageRequestInterface.Wanted;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.os.DeviceServices;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.Ats;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.Pri;
import iommulab.engine.pci.RequesterId;
import iommulab.engine.session.MachineSnapshot.DmaEvent;

import java.util.ArrayList;
import java.util.Objects;

/// Commands about the device's side of translation: its TLB (ATS) and the pages that it asks for (PRI).
final class DeviceCommands {
    private static final int MOST_PAGES = 32;
    private static final int PAGE = 4096;

    private DeviceCommands() {}

    // ---- switching on and off

    /// As the kernel does for a device that it finds: entry of the IOMMU first, then the device. Source:
    /// kernel `pci_enable_ats` and the IOMMU drivers' `probe_device`.
    static Outcome setAts(Machine machine, PciAddress address, boolean on) throws CommandRefused {
        var function = CommandRunner.function(machine, address);
        var unit = unitOf(machine, address);
        var ats = requireAts(function);
        if (ats.isEnabled() == on) {
            throw new CommandRefused(
                    "EINVAL",
                    "ATS of %s is switched %s already.".formatted(address, on ? "on" : "off"));
        }
        machine.atomically(() -> {
            unit.driver().serve(requester(machine, address), new DeviceServices(on, false));
            var config = ats.enabled(function.config(), on);
            var pri = Pri.of(config);
            machine.replaceFunction(
                    function.withConfig(
                            pri.isPresent() ? pri.get().enabled(config, false) : config));
        });
        return new Outcome.Done();
    }

    /// Source: kernel `pci_enable_pri`, `pci_disable_pri`.
    static Outcome setPageRequests(Machine machine, PciAddress address, boolean on)
            throws CommandRefused {
        var function = CommandRunner.function(machine, address);
        var unit = unitOf(machine, address);
        requireEnabled(function);
        var pri =
                Pri.of(function.config())
                        .orElseThrow(() ->
                                new CommandRefused(
                                        "EOPNOTSUPP",
                                        "%s has no page request capability (PRI)."
                                                .formatted(address)));
        if (pri.isEnabled() == on) {
            throw new CommandRefused(
                    "EINVAL",
                    "Page requests of %s are switched %s already."
                            .formatted(address, on ? "on" : "off"));
        }
        machine.atomically(() -> {
            unit.driver().serve(requester(machine, address), new DeviceServices(true, on));
            machine.replaceFunction(function.withConfig(pri.enabled(function.config(), on)));
        });
        return new Outcome.Done();
    }

    /// What a capture says is switched on stays so where the IOMMU can serve it.
    static void atPowerOn(Machine machine, PciFunction function) {
        var ats = Ats.of(function.config()).filter(Ats::isEnabled);
        var number = machine.wiring().unitOf().get(function.address());
        if (ats.isEmpty() || number == null || !machine.units.get(number).isEmulated()) {
            return;
        }
        var driver = machine.units.get(number).driver();
        var requester = machine.wiring().fabric().requesterId(function.address());
        boolean pages = Pri.of(function.config()).filter(Pri::isEnabled).isPresent();
        try {
            driver.serve(requester, new DeviceServices(true, pages));
        } catch (MappingRefused cannot) {
            machine.replaceFunction(
                    function.withConfig(ats.get().enabled(function.config(), false)));
        }
    }

    static Outcome setAnswering(Machine machine, PciAddress address, boolean answering)
            throws CommandRefused {
        CommandRunner.function(machine, address);
        requireMember(machine, address).device().tlb().setAnswering(answering);
        return new Outcome.Done();
    }

    // ---- requests

    /// @throws CommandRefused if the function cannot send such a request
    static void requireSendable(Machine machine, Command.IssueDma request) throws CommandRefused {
        switch (request.type()) {
            case UNTRANSLATED -> {}
            case TRANSLATION_REQUEST -> requireMember(machine, request.function());
            case TRANSLATED -> unitOf(machine, request.function());
        }
    }

    /// One request, whatever it says of its address; see [#requireSendable].
    static DmaEvent issue(Machine machine, Dma dma, Command.IssueDma request) {
        var origin = machine.path.originOf(request.function());
        dma.iova = request.iova();
        dma.bytes = request.bytes();
        dma.access = request.access();
        dma.prefix = request.prefix();
        dma.data = request.data().orElse(0);
        switch (request.type()) {
            case UNTRANSLATED -> machine.path.issue(dma, origin);
            case TRANSLATION_REQUEST -> {
                var member = machine.deviceTlbs.find(request.function()).orElseThrow();
                machine.path.ask(dma, origin, member.unit(), member.device());
            }
            case TRANSLATED ->
                    machine.path.sendTranslated(dma, origin, Objects.requireNonNull(origin.unit()));
        }
        return dma.toEvent();
    }

    /// A device asks for pages: one group.
    static Outcome requestPages(Machine machine, Command.RequestPages command)
            throws CommandRefused {
        var function = CommandRunner.function(machine, command.function());
        DomainCommands.requirePrefix(function, command.prefix());
        var member = requireMember(machine, command.function());
        if (command.pages() < 1 || command.pages() > MOST_PAGES) {
            throw new CommandRefused(
                    "EINVAL", "%d pages: take 1 to %d.".formatted(command.pages(), MOST_PAGES));
        }
        if (!member.device().pages().isEnabled()) {
            throw new CommandRefused(
                    "EINVAL",
                    "Page requests of %s are switched off (Page Request Control, Enable)."
                            .formatted(command.function()));
        }
        var wanted = new ArrayList<Wanted>();
        boolean write = command.access() == Access.WRITE;
        for (int page = 0; page < command.pages(); page++) {
            long iova = (command.iova() & -PAGE) + (long) page * PAGE;
            wanted.add(new Wanted(command.prefix(), iova, !write, write));
        }
        var group = machine.traffic.requestPages(member, wanted, command.access());
        return new Outcome.PagesRequested(
                group.orElseThrow(() ->
                        new CommandRefused(
                                "EBUSY",
                                "%s may not ask for %d pages now: %d requests are open%s."
                                        .formatted(
                                                command.function(),
                                                command.pages(),
                                                member.device().pages().outstanding(),
                                                member.device().pages().hasFailed()
                                                        ? ", and the IOMMU has told it to stop"
                                                        : ""))));
    }

    /// The kernel answers a group of page requests; what the device may try again it tries.
    static Outcome answerPages(
            Machine machine, PciAddress address, int group, PageResponse response)
            throws CommandRefused {
        var member = requireMember(machine, address);
        var pages = member.device().pages();
        var open = pages.open().get(group);
        if (open == null) {
            throw new CommandRefused(
                    "ENOENT",
                    "%s has no page request group %d open. Open are %s."
                            .formatted(address, group, pages.open().keySet()));
        }
        member.unit()
                .driver()
                .respond(
                        new RequesterId(member.requester()),
                        open.getFirst().prefix().pasid(),
                        group,
                        response);
        var tried = new ArrayList<DmaEvent>();
        for (var wanted : pages.takeRetries()) {
            tried.add(machine.traffic.issueOne(retry(address, wanted)));
        }
        pages.takeGivenUp();
        return new Outcome.PagesAnswered(response, tried);
    }

    /// The request that waited; or the question, if none did.
    private static Command.IssueDma retry(PciAddress address, Wanted wanted) {
        boolean asks = wanted.bytes() == 0;
        return new Command.IssueDma(
                address,
                wanted.iova(),
                asks ? Long.BYTES : wanted.bytes(),
                wanted.write() ? Access.WRITE : Access.READ,
                wanted.prefix(),
                asks ? AddressType.TRANSLATION_REQUEST : AddressType.UNTRANSLATED);
    }

    // ---- what can stand in the way

    private static RequesterId requester(Machine machine, PciAddress address) {
        return machine.wiring().fabric().requesterId(address);
    }

    private static Unit unitOf(Machine machine, PciAddress address) throws CommandRefused {
        var number = machine.wiring().unitOf().get(address);
        if (number == null) {
            throw new CommandRefused(
                    "ENODEV",
                    "%s is below no IOMMU: nobody answers its translation requests."
                            .formatted(address));
        }
        var unit = CommandRunner.requireEmulated(machine.units.get(number));
        if (!unit.takesDeviceTlbs()) {
            throw new CommandRefused(
                    "EOPNOTSUPP", "No device below %s can have a TLB.".formatted(unit.name()));
        }
        return unit;
    }

    private static Ats requireAts(PciFunction function) throws CommandRefused {
        return Ats.of(function.config())
                .orElseThrow(() ->
                        new CommandRefused(
                                "EOPNOTSUPP",
                                "%s has no ATS capability: it cannot keep translations."
                                        .formatted(function.address())));
    }

    private static void requireEnabled(PciFunction function) throws CommandRefused {
        if (!requireAts(function).isEnabled()) {
            throw new CommandRefused(
                    "EINVAL",
                    "ATS of %s is switched off. Switch it on first.".formatted(function.address()));
        }
    }

    static DeviceTlbs.Member requireMember(Machine machine, PciAddress address)
            throws CommandRefused {
        unitOf(machine, address);
        requireEnabled(CommandRunner.function(machine, address));
        return machine.deviceTlbs
                .find(address)
                .orElseThrow(
                        () -> new IllegalStateException(address + " has ATS on and no device TLB"));
    }
}
