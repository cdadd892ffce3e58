package iommulab.app.shell;

import iommulab.engine.iommu.PageResponse;
import iommulab.engine.pci.Ats;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.Pri;
import iommulab.engine.session.Command;
import iommulab.engine.session.DeviceSide;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.Mapping;

import javafx.scene.Node;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// What can be done with the translation services of one function: its TLB (ATS) and its page requests
/// (PRI). Context menus and the search field offer the same.
public final class DeviceSideActions {
    private static final long FIRST_PAGE = 4096;

    private final Workbench workbench;
    private final MachineSnapshot machine;
    private final PciAddress function;
    private final Optional<Ats> ats;
    private final Optional<Pri> pri;
    private final Optional<DeviceSide> side;

    /// One thing that can be done.
    ///
    /// @param whyNot why it cannot be done now
    /// @param run does it; a refusal is shown beside the node
    public record Entry(String title, Optional<String> whyNot, Consumer<Node> run) {}

    public DeviceSideActions(Workbench workbench, PciAddress function) {
        this.workbench = workbench;
        this.function = function;
        machine = workbench.machine();
        var config = machine.topology().find(function).map(found -> found.config());
        ats = config.flatMap(Ats::of);
        pri = config.flatMap(Pri::of);
        side =
                machine.units().stream()
                        .flatMap(unit -> unit.deviceSide(function).stream())
                        .findFirst();
    }

    /// Whether the function has such services at all.
    public boolean exist() {
        return ats.isPresent();
    }

    /// Everything, in the order of a menu.
    public List<Entry> all() {
        var entries =
                new ArrayList<>(List.of(switchAts(), ask(), switchPages(), request(), hang()));
        for (var group : side.map(DeviceSide::groups).orElse(List.of())) {
            for (var response : PageResponse.values()) {
                entries.add(answer(group.group(), response));
            }
        }
        return entries;
    }

    Entry switchAts() {
        boolean on = ats.filter(Ats::isEnabled).isPresent();
        return submitting(
                "Switch ATS " + (on ? "off" : "on"),
                ats.isPresent() ? Optional.empty() : Optional.of("no such capability"),
                new Command.SetAts(function, !on));
    }

    Entry ask() {
        return new Entry(
                "Ask for a translation…",
                off(),
                where -> DeviceRequestForm.ask(workbench, function, false, address(), where));
    }

    Entry switchPages() {
        boolean on = pri.filter(Pri::isEnabled).isPresent();
        return submitting(
                "Switch page requests " + (on ? "off" : "on"),
                pri.isPresent() ? off() : Optional.of("no such capability"),
                new Command.SetPageRequests(function, !on));
    }

    Entry request() {
        return new Entry(
                "Page request…",
                off().or(() ->
                        side.filter(DeviceSide::asksForPages).isPresent()
                                ? Optional.empty()
                                : Optional.of("page requests are off")),
                where -> DeviceRequestForm.ask(workbench, function, true, address(), where));
    }

    Entry hang() {
        boolean answers = side.map(DeviceSide::answering).orElse(true);
        return submitting(
                answers ? "Leave invalidations unanswered" : "Answer invalidations again",
                off(),
                new Command.SetAnswering(function, !answers));
    }

    /// The oldest group that waits, if one does.
    Optional<Entry> answerFirst() {
        return side.flatMap(device -> device.groups().stream().findFirst())
                .map(group -> answer(group.group(), PageResponse.SUCCESS));
    }

    private Entry answer(int group, PageResponse response) {
        return submitting(
                "Answer page group %d: %s".formatted(group, response.words()),
                Optional.empty(),
                new Command.AnswerPages(function, group, response));
    }

    private Entry submitting(String title, Optional<String> whyNot, Command command) {
        return new Entry(title, whyNot, where -> workbench.submit(command, where));
    }

    private Optional<String> off() {
        return side.isPresent() ? Optional.empty() : Optional.of("ATS is off");
    }

    /// An address that the device would ask about: that of its last DMA, or its first mapping.
    private long address() {
        return machine.events().stream()
                .filter(event -> event.device().equals(function))
                .findFirst()
                .map(DmaEvent::iova)
                .or(this::firstMapping)
                .orElse(FIRST_PAGE);
    }

    private Optional<Long> firstMapping() {
        return machine.domains().stream()
                .filter(domain -> domain.attached().contains(function))
                .map(Domain::mappings)
                .flatMap(List::stream)
                .findFirst()
                .map(Mapping::iova);
    }
}
