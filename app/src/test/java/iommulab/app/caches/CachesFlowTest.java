package iommulab.app.caches;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.Robot;
import iommulab.app.shell.Perspective;
import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Replacement;

import javafx.scene.control.ComboBox;

import org.junit.jupiter.api.Test;

/// What a person does in the Caches perspective.
class CachesFlowTest {
    private static CacheSnapshot iotlb(LiveLab lab) {
        return lab.machine().units().getFirst().caches().stream()
                .filter(c -> c.kind() == CacheKind.IOTLB)
                .findFirst()
                .orElseThrow();
    }

    @SuppressWarnings("unchecked")
    private static <T> void choose(LiveLab lab, String box, T value) {
        var found = (ComboBox<T>) lab.robot().find(box);
        Robot.onScreen(() -> found.setValue(value));
    }

    @Test
    void theIotlbGetsTheShapeThatTheUserGivesIt() {
        try (var lab = LiveLab.on("switch-noacs-a")) {
            lab.opens(Perspective.CACHES);
            choose(lab, "#geometry-sets", 2);
            choose(lab, "#geometry-ways", 8);
            choose(lab, "#geometry-replacement", Replacement.TREE_PLRU);
            lab.robot().activate("#geometry-apply");
            var wanted = new CacheGeometry(2, 8, Replacement.TREE_PLRU);
            lab.robot().until("it has it", () -> iotlb(lab).geometry().equals(wanted));
            lab.robot().press(javafx.scene.input.KeyCode.CONTROL, javafx.scene.input.KeyCode.Z);
            lab.robot().until("it has its old one", () -> !iotlb(lab).geometry().equals(wanted));
            assertThat(lab.machine().journal().position()).isZero();
        }
    }
}
