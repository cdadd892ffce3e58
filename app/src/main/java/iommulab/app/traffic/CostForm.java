package iommulab.app.traffic;

import iommulab.engine.session.Command;
import iommulab.engine.session.CostEvent;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

import org.controlsfx.control.PropertySheet;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.BiConsumer;

/// The cost table: a price in cycles for everything that takes time. Enter sets a price.
final class CostForm extends VBox {
    private static final long MOST = 1_000_000;

    private final Map<CostEvent, CostItem> items = new EnumMap<>(CostEvent.class);
    private Map<CostEvent, Long> shown = Map.of();

    CostForm(BiConsumer<Command, Node> submit) {
        var sheet = new PropertySheet();
        sheet.setId("cost-sheet");
        sheet.setAccessibleText("Costs in cycles");
        sheet.setMode(PropertySheet.Mode.NAME);
        sheet.setSearchBoxVisible(false);
        sheet.setModeSwitcherVisible(false);
        sheet.setPropertyEditorFactory(item -> ((CostItem) item).editor());
        for (var event : CostEvent.values()) {
            var item = new CostItem(event, submit);
            items.put(event, item);
            sheet.getItems().add(item);
        }
        VBox.setVgrow(sheet, Priority.ALWAYS);
        getChildren().add(sheet);
    }

    /// @return -1 if the text is no price
    static long price(String text) {
        try {
            long price = Long.parseLong(text.strip());
            return price > MOST ? -1 : price;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    void show(MachineSnapshot machine) {
        if (!machine.costs().equals(shown)) {
            shown = machine.costs();
            shown.forEach((event, cycles) -> {
                var item = items.get(event);
                if (item != null) {
                    item.show(cycles);
                }
            });
        }
    }
}
