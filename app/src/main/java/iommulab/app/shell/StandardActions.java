package iommulab.app.shell;

import iommulab.app.shell.DeviceSideActions.Entry;
import iommulab.app.theme.Theme;
import iommulab.engine.pci.PciAddress;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// What every window can do, as the Edit, Machine and View menus offer it.
final class StandardActions {
    private final Bench bench;
    private final MainWindow window;

    StandardActions(Bench bench, MainWindow window) {
        this.bench = bench;
        this.window = window;
    }

    List<WindowAction> all() {
        var actions = new ArrayList<WindowAction>();
        actions.addAll(edit());
        actions.addAll(machine());
        actions.addAll(deviceSide());
        actions.addAll(view());
        actions.add(
                WindowAction.of("Learn", ShortcutList.TITLE, "F1", window::showShortcuts)
                        .about(() -> "every key of the window"));
        return actions;
    }

    private List<WindowAction> edit() {
        return List.of(
                WindowAction.of("Edit", "Undo", "Shortcut+Z", () -> bench.undo(window.center()))
                        .titled(() -> named("Undo", true))
                        .when(() -> bench.machine().journal().undoable().isPresent()),
                WindowAction.of("Edit", "Redo", "Shortcut+Y", () -> bench.redo(window.center()))
                        .titled(() -> named("Redo", false))
                        .when(() -> bench.machine().journal().redoable().isPresent()),
                separator("Edit"),
                WindowAction.of("Edit", "Find or do…", "Shortcut+K", window::search),
                WindowAction.of("Edit", "Selection back", "Alt+Left", bench::back)
                        .when(bench::canGoBack),
                WindowAction.of("Edit", "Selection forward", "Alt+Right", bench::forward)
                        .when(bench::canGoForward),
                WindowAction.of(
                        "Edit", "Select nothing", "", () -> bench.select(new Subject.Nothing())));
    }

    private String named(String verb, boolean undo) {
        var journal = bench.machine().journal();
        return (undo ? journal.undoable() : journal.redoable())
                .map(entry -> verb + ": " + entry.title())
                .orElse(verb);
    }

    private List<WindowAction> machine() {
        return List.of(
                WindowAction.of("Machine", "Run traffic", "F5", window::runOrPause)
                        .titled(() -> bench.machine().running() ? "Pause traffic" : "Run traffic"),
                WindowAction.of(
                                "Machine",
                                "Go back to power-on",
                                "",
                                () -> bench.goTo(0, window.center()))
                        .when(() -> bench.machine().journal().position() > 0),
                WindowAction.of(
                                "Machine",
                                "Go to the newest command",
                                "",
                                () ->
                                        bench.goTo(
                                                bench.machine().journal().entries().size(),
                                                window.center()))
                        .when(() -> bench.machine().journal().redoable().isPresent()));
    }

    /// About the function that is selected.
    private List<WindowAction> deviceSide() {
        return List.of(
                ofFunction("Switch ATS on", actions -> Optional.of(actions.switchAts())),
                ofFunction("Ask for a translation…", actions -> Optional.of(actions.ask())),
                ofFunction(
                        "Switch page requests on", actions -> Optional.of(actions.switchPages())),
                ofFunction("Page request…", actions -> Optional.of(actions.request())),
                ofFunction("Answer page requests", DeviceSideActions::answerFirst),
                ofFunction(
                        "Leave invalidations unanswered", actions -> Optional.of(actions.hang())));
    }

    private WindowAction ofFunction(
            String title, Function<DeviceSideActions, Optional<Entry>> which) {
        return WindowAction.of(
                        "Machine/Device TLB",
                        title,
                        "",
                        () ->
                                possible(which)
                                        .ifPresent(entry -> entry.run().accept(window.center())))
                .titled(() -> possible(which).map(Entry::title).orElse(title))
                .about(() -> selected().map(f -> "device " + FunctionNames.address(f)).orElse(""))
                .when(() -> possible(which).isPresent());
    }

    private Optional<Entry> possible(Function<DeviceSideActions, Optional<Entry>> which) {
        return selected()
                .map(function -> new DeviceSideActions(bench, function))
                .flatMap(which)
                .filter(entry -> entry.whyNot().isEmpty());
    }

    private Optional<PciAddress> selected() {
        return bench.subject().get() instanceof Subject.Function(PciAddress address)
                ? Optional.of(address)
                : Optional.empty();
    }

    private List<WindowAction> view() {
        var actions = new ArrayList<WindowAction>();
        for (var perspective : Perspective.values()) {
            actions.add(
                    WindowAction.of(
                            "View",
                            perspective.title(),
                            perspective.key(),
                            () -> bench.open(perspective)));
        }
        var settings = bench.settings();
        actions.add(separator("View"));
        for (var theme : Theme.values()) {
            actions.add(
                    WindowAction.of(
                            "View",
                            theme.title() + " theme",
                            "",
                            () -> settings.theme().set(theme)));
        }
        actions.add(
                WindowAction.of(
                        "View",
                        "Light or dark",
                        "Shortcut+T",
                        () -> settings.theme().set(settings.theme().get().opposite())));
        for (var naming : Naming.values()) {
            actions.add(
                    WindowAction.of(
                            "View/Names in walks",
                            naming.words(),
                            "",
                            () -> settings.walks().naming().set(naming)));
        }
        actions.add(separator("View"));
        actions.add(WindowAction.of("View", "Larger text", "Shortcut+Plus", settings::largerText));
        actions.add(
                WindowAction.of("View", "Smaller text", "Shortcut+Minus", settings::smallerText));
        actions.add(
                WindowAction.of(
                        "View", "Text at 100 %", "Shortcut+0", () -> settings.textScale().set(1)));
        actions.add(separator("View"));
        actions.add(
                WindowAction.of(
                        "View",
                        "Presentation mode",
                        "F11",
                        () -> settings.presenting().set(!settings.presenting().get())));
        var still = settings.reducedMotion();
        actions.add(
                WindowAction.of("View", "Reduce motion", "", () -> still.set(!still.get()))
                        .titled(() -> still.get() ? "Let things move" : "Reduce motion"));
        actions.add(
                WindowAction.of(
                        "View",
                        "Console",
                        "Shortcut+Slash",
                        () -> window.openDrawerTab("Console")));
        actions.add(
                WindowAction.of(
                        "View",
                        "Invalidation request",
                        "",
                        () -> window.openDrawerTab(MainWindow.INVALIDATION)));
        actions.add(
                WindowAction.of(
                        "View",
                        "Fold or open the drawer",
                        "Shortcut+J",
                        () -> settings.drawerOpen().set(!settings.drawerOpen().get())));
        return actions;
    }

    private static WindowAction separator(String menu) {
        return WindowAction.of(menu, "", "", () -> {});
    }
}
