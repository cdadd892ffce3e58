package iommulab.app.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LabSession;
import iommulab.app.inspector.Section.Choice;
import iommulab.app.inspector.Section.Setting;
import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Replacement;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot.Unit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GeometrySettingsTest {
    private final LabSession lab = LabSession.captured("switch-mixed-acs-a");

    @AfterEach
    void close() {
        lab.close();
    }

    private Unit unit() {
        return lab.machine().units().getFirst();
    }

    private Setting setting(String name) {
        return ((Section.Settings) GeometrySettings.of(unit()))
                .settings().stream()
                        .filter(s -> s.of().equals(CacheKind.IOTLB.words()))
                        .filter(s -> s.name().equals(name))
                        .findFirst()
                        .orElseThrow();
    }

    private void choose(String name, String words) {
        lab.run(
                setting(name).choices().stream()
                        .filter(choice -> choice.words().equals(words))
                        .findFirst()
                        .orElseThrow()
                        .command());
    }

    @Test
    void aChoiceIsTheCommandThatChangesOnlyThat() {
        choose("sets", "16");
        choose("ways", "8");
        assertThat(setting("sets").value()).isEqualTo("16");
        assertThat(setting("replaces").choices())
                .contains(
                        new Choice(
                                "FIFO",
                                new Command.SetCacheGeometry(
                                        unit().name(),
                                        CacheKind.IOTLB,
                                        new CacheGeometry(16, 8, Replacement.FIFO))));
    }

    @Test
    void onlyShapesThatACacheCanHaveAreOffered() {
        choose("ways", "6");
        assertThat(setting("replaces").choices())
                .extracting(Choice::words)
                .contains("LRU")
                .doesNotContain("TREE-PLRU");
    }

    @Test
    void theValueInForceIsAlwaysAmongTheChoices() {
        lab.run(
                new Command.SetCacheGeometry(
                        unit().name(), CacheKind.IOTLB, new CacheGeometry(8, 5, Replacement.LRU)));
        assertThat(setting("ways").choices()).extracting(Choice::words).contains("5");
        assertThat(setting("ways").value()).isEqualTo("5");
    }
}
