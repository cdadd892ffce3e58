package iommulab.app.inspector;

import iommulab.app.inspector.Section.Choice;
import iommulab.app.inspector.Section.Setting;
import iommulab.app.shell.Workbench;

import javafx.beans.value.ObservableValue;
import javafx.scene.layout.StackPane;

import org.controlsfx.control.PropertySheet;
import org.controlsfx.property.editor.Editors;
import org.controlsfx.property.editor.PropertyEditor;

import java.util.Optional;

/// What can be set of the selected thing, as a sheet of properties; choosing a value is the command.
final class SettingsView extends StackPane {
    SettingsView(Workbench bench, Section.Settings settings) {
        var sheet = new PropertySheet();
        sheet.setAccessibleText(settings.head());
        sheet.setMode(PropertySheet.Mode.CATEGORY);
        sheet.setSearchBoxVisible(false);
        sheet.setModeSwitcherVisible(false);
        sheet.setPropertyEditorFactory(item -> ((Item) item).editor());
        settings.settings().forEach(setting -> sheet.getItems().add(new Item(bench, setting)));
        getChildren().add(sheet);
        getStyleClass().add("settings");
    }

    /// One setting with its editor. The machine has the value: after a refusal the editor shows it again.
    private static final class Item implements PropertySheet.Item {
        private final Workbench bench;
        private final Setting setting;
        private final PropertyEditor<?> editor;

        Item(Workbench bench, Setting setting) {
            this.bench = bench;
            this.setting = setting;
            this.editor =
                    Editors.createChoiceEditor(
                            this, setting.choices().stream().map(Choice::words).toList());
            editor.getEditor().setAccessibleText(setting.of() + ", " + setting.name());
        }

        PropertyEditor<?> editor() {
            return editor;
        }

        @Override
        public void setValue(Object words) {
            if (words.equals(setting.value())) {
                return;
            }
            setting.choices().stream()
                    .filter(choice -> choice.words().equals(words))
                    .findFirst()
                    .ifPresent(choice ->
                            bench.submit(choice.command(), editor.getEditor())
                                    .whenComplete((_, refused) -> {
                                        if (refused != null) {
                                            showAgain(editor);
                                        }
                                    }));
        }

        private <T> void showAgain(PropertyEditor<T> shown) {
            @SuppressWarnings("unchecked")
            T value = (T) setting.value();
            shown.setValue(value);
        }

        @Override
        public Class<?> getType() {
            return String.class;
        }

        @Override
        public String getCategory() {
            return setting.of();
        }

        @Override
        public String getName() {
            return setting.name();
        }

        @Override
        public String getDescription() {
            return setting.about();
        }

        @Override
        public Object getValue() {
            return setting.value();
        }

        @Override
        public Optional<ObservableValue<? extends Object>> getObservableValue() {
            return Optional.empty();
        }
    }
}
