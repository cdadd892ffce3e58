package iommulab.app.shell;

import iommulab.app.theme.Icons;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Menu;
import javafx.scene.control.MenuBar;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.control.Separator;
import javafx.scene.control.SeparatorMenuItem;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;

import org.kordamp.ikonli.feather.Feather;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The bar at the top: menus, the controls of time, the search field, theme and presentation.
final class TopBar implements Panel {
    private static final Map<String, Long> SPEEDS = new LinkedHashMap<>();

    static {
        SPEEDS.put("1/s", 1L);
        SPEEDS.put("10/s", 10L);
        SPEEDS.put("100/s", 100L);
        SPEEDS.put("10 k/s", 10_000L);
        SPEEDS.put("1 M/s", 1_000_000L);
        SPEEDS.put("full", 0L);
    }

    private final Bench bench;
    private final Button toStart = button("to-start", "", Feather.SKIP_BACK, "Go back to power-on");
    private final Button back =
            button(
                    "step-back",
                    "Back",
                    Feather.CHEVRON_LEFT,
                    "Take the last command back (Ctrl+Z)");
    private final Button step =
            button("step", "Step", Feather.CHEVRON_RIGHT, "Redo a command, or make one request");
    private final Button run = button("run", "Run", Feather.PLAY, "Run or pause traffic (F5)");
    private final MenuButton speed = new MenuButton();
    private final HBox bar = new HBox();

    /// @param actions what the menus offer
    /// @param search the search field
    TopBar(Bench bench, List<WindowAction> actions, Node search) {
        this.bench = bench;
        bar.getStyleClass().add("top-bar");
        run.getStyleClass().add("primary");
        toStart.getStyleClass().add("flat");
        step.setContentDisplay(javafx.scene.control.ContentDisplay.RIGHT);
        toStart.setOnAction(_ -> bench.goTo(0, toStart));
        back.setOnAction(_ -> bench.undo(back));
        step.setOnAction(_ -> stepOnce());
        run.setOnAction(_ -> runOrPause());
        fillSpeeds();
        var theme = button("theme", "Theme", Feather.SUN, "Light or dark (Ctrl+T)");
        var present = button("present", "Present", Feather.MAXIMIZE, "Presentation mode (F11)");
        theme.getStyleClass().add("flat");
        present.getStyleClass().add("flat");
        var settings = bench.settings();
        theme.setOnAction(_ -> settings.theme().set(settings.theme().get().opposite()));
        present.setOnAction(_ -> settings.presenting().set(!settings.presenting().get()));
        var line = new Separator(javafx.geometry.Orientation.VERTICAL);
        line.getStyleClass().add("bar-separator");
        bar.getChildren()
                .addAll(
                        menus(actions),
                        line,
                        toStart,
                        back,
                        step,
                        run,
                        speed,
                        spring(),
                        search,
                        spring(),
                        theme,
                        present);
    }

    private void fillSpeeds() {
        speed.setId("speed");
        speed.setMinWidth(Region.USE_PREF_SIZE);
        speed.setAccessibleText("Speed of traffic");
        speed.setTooltip(new Tooltip("How many requests per second traffic makes"));
        SPEEDS.forEach((words, requests) -> {
            var item = new MenuItem(words);
            item.setOnAction(_ -> bench.setSpeed(requests));
            speed.getItems().add(item);
        });
        speed.setText("Speed  full");
        bench.speed().addListener((_, _, now) -> speed.setText("Speed  " + words(now)));
    }

    private static String words(long requests) {
        return SPEEDS.entrySet().stream()
                .filter(e -> e.getValue() == requests)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseGet(() -> Words.amount(requests) + "/s");
    }

    /// Redoes what was taken back; with nothing to redo, lets the sources make one request.
    private void stepOnce() {
        if (bench.machine().journal().redoable().isPresent()) {
            bench.redo(step);
        } else {
            bench.submit(new Command.RunTraffic(1), step);
        }
    }

    void runOrPause() {
        bench.setRunning(!bench.machine().running(), run);
    }

    private static MenuBar menus(List<WindowAction> actions) {
        var menus = new MenuBar();
        menus.setId("menus");
        menus.setAccessibleText("Menus");
        menus.setMinWidth(Region.USE_PREF_SIZE);
        for (var name : List.of("File", "Edit", "Machine", "View", "Learn")) {
            var offered =
                    actions.stream().filter(a -> a.menu().split("/")[0].equals(name)).toList();
            if (!offered.isEmpty()) {
                menus.getMenus().add(menu(name, offered));
            }
        }
        return menus;
    }

    private static Menu menu(String name, List<WindowAction> actions) {
        var menu = new Menu("_" + name);
        menu.setId("menu-" + name);
        var inner = new LinkedHashMap<String, Menu>();
        for (var action : actions) {
            if (action.menu().equals(name)) {
                add(menu, action);
                continue;
            }
            var below = action.menu().substring(name.length() + 1);
            add(inner.computeIfAbsent(below, title -> below(menu, title)), action);
        }
        return menu;
    }

    private static Menu below(Menu menu, String title) {
        var inner = new Menu(title);
        inner.setId("menu-" + title);
        menu.getItems().add(inner);
        return inner;
    }

    private static void add(Menu menu, WindowAction action) {
        if (action.title().get().isEmpty()) {
            menu.getItems().add(new SeparatorMenuItem());
            return;
        }
        var item = new MenuItem(action.words());
        item.setMnemonicParsing(false);
        action.key().ifPresent(item::setAccelerator);
        item.setOnAction(_ -> action.run().run());
        menu.getItems().add(item);
        menu.addEventHandler(
                Menu.ON_SHOWING,
                _ -> {
                    item.setText(action.words());
                    item.setDisable(!action.possible().getAsBoolean());
                });
    }

    private static Button button(String id, String text, Feather icon, String help) {
        var button = new Button(text);
        Icons.put(button, icon);
        button.setId(id);
        button.setAccessibleText(text.isEmpty() ? help : text);
        button.setTooltip(new Tooltip(help));
        button.setMinWidth(Region.USE_PREF_SIZE);
        return button;
    }

    private static Region spring() {
        var spring = new Region();
        HBox.setHgrow(spring, Priority.SOMETIMES);
        return spring;
    }

    @Override
    public Node view() {
        return bar;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        toStart.setDisable(machine.journal().position() == 0);
        back.setDisable(machine.journal().undoable().isEmpty());
        boolean running = machine.running();
        if (running == run.getText().equals("Pause")) {
            return;
        }
        run.setText(running ? "Pause" : "Run");
        run.setAccessibleText(run.getText());
        Icons.put(run, running ? Feather.PAUSE : Feather.PLAY);
    }
}
