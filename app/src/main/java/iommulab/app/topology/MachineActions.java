package iommulab.app.topology;

import iommulab.app.shell.DeviceSideActions;
import iommulab.app.shell.FunctionNames;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.WalkQuestion;

import javafx.scene.Node;
import javafx.scene.control.Menu;
import javafx.scene.control.MenuItem;
import javafx.scene.control.SeparatorMenuItem;
import javafx.scene.input.KeyEvent;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a person can do in the Machine perspective.
final class MachineActions {
    private final Workbench workbench;

    MachineActions(Workbench workbench) {
        this.workbench = workbench;
    }

    /// What a click on a box selects.
    Subject subjectOf(Box box, MachineModel model) {
        return switch (box.kind()) {
            case PORT, BRIDGE, ROW, STACK, DEVICE ->
                    new Subject.Function(box.functions().getFirst());
            case SWITCH -> new Subject.Function(box.functions().getFirst());
            case UNIT -> new Subject.Unit(model.units().get(box.index()).name());
            case MEMORY, SPAN, COMPLEX, EMPTY_SLOT -> new Subject.Nothing();
        };
    }

    void openGroup(Box box) {
        workbench.select(new Subject.Function(box.functions().getFirst()));
        workbench.open(Perspective.GROUPS);
    }

    /// What a click on a request does: selects it, and the second opens its walk. While traffic runs it may
    /// be out of the list of recent requests before anybody clicks; its walk can still be asked for.
    void follow(DmaEvent request, boolean twice) {
        if (twice) {
            workbench.openWalk(
                    new WalkQuestion(
                            request.device(),
                            request.iova(),
                            request.bytes(),
                            request.access(),
                            request.prefix(),
                            request.type(),
                            true),
                    -1);
        } else {
            workbench.select(new Subject.DmaEvent(request.tick()));
        }
    }

    /// The full name of what a box shows, empty if there is nothing to add.
    String fullName(Box box, MachineModel model, MachineSnapshot machine) {
        return switch (box.kind()) {
            case PORT, BRIDGE, ROW, DEVICE, STACK -> {
                var lines = new ArrayList<String>();
                box.functions().stream()
                        .limit(8)
                        .flatMap(f -> machine.topology().find(f).stream())
                        .map(f -> "%s  %s".formatted(f.address(), FunctionNames.fullName(f)))
                        .forEach(lines::add);
                if (box.functions().size() > 8) {
                    lines.add("%d more".formatted(box.functions().size() - 8));
                }
                yield String.join("\n", lines);
            }
            case UNIT -> {
                var unit = model.units().get(box.index());
                yield "%s, %s\n%s".formatted(unit.name(), unit.architecture(), unit.scope());
            }
            case SPAN -> {
                var span = model.plan().memory().get(box.index());
                yield "%s\n%s".formatted(span.name(), span.range());
            }
            case SWITCH -> model.looks().get(box.id()).title();
            case MEMORY, COMPLEX, EMPTY_SLOT -> "";
        };
    }

    /// Left goes up towards memory, right down, up and down to what lies beside.
    ///
    /// @return whether the key meant something
    boolean key(KeyEvent event, MachineModel model) {
        var at =
                Looks.functionOf(workbench.machine(), workbench.subject().get())
                        .map(model.picture().boxOf()::get);
        var next =
                switch (event.getCode()) {
                    case LEFT -> at.flatMap(box -> Neighbours.above(model.picture(), box));
                    case RIGHT -> at.flatMap(box -> Neighbours.below(model.picture(), box));
                    case UP -> Neighbours.beside(model.picture(), at, -1);
                    case DOWN -> Neighbours.beside(model.picture(), at, 1);
                    case ENTER -> {
                        at.ifPresent(this::openGroup);
                        yield at;
                    }
                    default -> Optional.<Box>empty();
                };
        next.ifPresent(box -> workbench.select(subjectOf(box, model)));
        return next.isPresent();
    }

    /// What can be done with a function; what cannot says why.
    List<MenuItem> menuFor(PciAddress function, Node where) {
        var machine = workbench.machine();
        var found = machine.topology().find(function);
        var unit =
                machine.units().stream().filter(u -> u.functions().contains(function)).findFirst();
        var items = new ArrayList<MenuItem>();
        items.add(
                item(
                        "Why this group",
                        noGroup(machine, function),
                        () -> open(function, Perspective.GROUPS)));
        items.add(
                item(
                        "Send DMA…",
                        unit.filter(u -> !u.emulated())
                                .map(u -> u.architecture() + " is shown, not executed"),
                        () -> SendDma.ask(workbench, function, where)));
        deviceSide(function, where).ifPresent(items::add);
        items.add(new SeparatorMenuItem());
        items.add(attachMenu(machine, function, unit, where));
        items.add(
                item(
                        "Back to the default domain",
                        attachedByUser(machine, function)
                                ? Optional.empty()
                                : Optional.of("it is there"),
                        () -> workbench.submit(new Command.DetachDevice(function), where)));
        items.add(
                item(
                        "Unbind driver",
                        found.flatMap(f -> f.driver()).isPresent()
                                ? Optional.empty()
                                : Optional.of("none is bound"),
                        () ->
                                workbench.submit(
                                        new Command.BindDriver(function, Optional.empty()),
                                        where)));
        items.add(
                item(
                        "Bind vfio-pci",
                        found.flatMap(f -> f.driver()).map(d -> d + " is bound, unbind it first"),
                        () ->
                                workbench.submit(
                                        new Command.BindDriver(function, Optional.of("vfio-pci")),
                                        where)));
        items.add(new SeparatorMenuItem());
        int below = machine.topology().size() - machine.topology().without(function).size() - 1;
        items.add(
                item(
                        below == 0
                                ? "Remove function"
                                : "Remove function and %d more".formatted(below),
                        Optional.empty(),
                        () -> workbench.submit(new Command.RemoveFunction(function), where)));
        return items;
    }

    /// What the function can ask of its IOMMU, if it has ATS.
    private Optional<MenuItem> deviceSide(PciAddress function, Node where) {
        var actions = new DeviceSideActions(workbench, function);
        if (!actions.exist()) {
            return Optional.empty();
        }
        var menu = new Menu("Device TLB and page requests");
        actions.all().stream()
                .map(entry -> item(entry.title(), entry.whyNot(), () -> entry.run().accept(where)))
                .forEach(menu.getItems()::add);
        return Optional.of(menu);
    }

    private void open(PciAddress function, Perspective perspective) {
        workbench.select(new Subject.Function(function));
        workbench.open(perspective);
    }

    private static Optional<String> noGroup(MachineSnapshot machine, PciAddress function) {
        return Optional.ofNullable(machine.grouping().ungrouped().get(function));
    }

    private static boolean attachedByUser(MachineSnapshot machine, PciAddress function) {
        return machine.domains().stream()
                .anyMatch(d -> d.byUser() && d.attached().contains(function));
    }

    private MenuItem attachMenu(
            MachineSnapshot machine,
            PciAddress function,
            Optional<MachineSnapshot.Unit> unit,
            Node where) {
        var domains =
                machine.domains().stream()
                        .filter(MachineSnapshot.Domain::byUser)
                        .filter(d -> unit.map(u -> u.name().equals(d.unit())).orElse(false))
                        .toList();
        if (unit.isEmpty()) {
            return item("Attach to domain", Optional.of("no IOMMU serves it"), () -> {});
        }
        if (domains.isEmpty()) {
            return item("Attach to domain", Optional.of("create one in Domains first"), () -> {});
        }
        var menu = new Menu("Attach to domain");
        for (var domain : domains) {
            menu.getItems()
                    .add(
                            item(
                                    "%d  %s".formatted(domain.id(), domain.name()),
                                    domain.attached().contains(function)
                                            ? Optional.of("attached")
                                            : Optional.empty(),
                                    () ->
                                            workbench.submit(
                                                    new Command.AttachDevice(function, domain.id()),
                                                    where)));
        }
        return menu;
    }

    private static MenuItem item(String title, Optional<String> whyNot, Runnable run) {
        var item = new MenuItem(whyNot.map(why -> title + ": " + why).orElse(title));
        item.setDisable(whyNot.isPresent());
        item.setOnAction(_ -> run.run());
        return item;
    }
}
