package iommulab.app.shell;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.theme.Theme;

import org.junit.jupiter.api.Test;

import java.util.Map;

class ViewSettingsTest {
    @Test
    void aFileKeepsThemeTextSizeAndWhetherThingsMove() {
        var settings = new ViewSettings();
        settings.theme().set(Theme.PRINT);
        settings.textScale().set(1.5);
        settings.reducedMotion().set(true);
        var again = new ViewSettings();
        again.restore(settings.toView(Map.of()));
        assertThat(again.theme().get()).isEqualTo(Theme.PRINT);
        assertThat(again.textScale().get()).isEqualTo(1.5);
        assertThat(again.reducedMotion().get()).as("reduced motion").isTrue();
    }

    @Test
    void aFileKeepsThePerspectiveAndHowWalksAreLookedAt() {
        var settings = new ViewSettings();
        settings.perspective().set(Perspective.CACHES);
        settings.walks().naming().set(Naming.OURS);
        settings.walks().view().set(WalkLook.View.FORMATS);
        var again = new ViewSettings();
        again.restore(settings.toView(Map.of()));
        assertThat(again.perspective().get()).isEqualTo(Perspective.CACHES);
        assertThat(again.walks().naming().get()).isEqualTo(Naming.OURS);
        assertThat(again.walks().view().get()).isEqualTo(WalkLook.View.FORMATS);
        again.restore(Map.of("perspective", "KITCHEN", "naming", "latin", "walk", ""));
        assertThat(again.perspective().get()).as("after nonsense").isEqualTo(Perspective.CACHES);
    }

    @Test
    void aFileThatSaysNothingOrNonsenseAboutMotionLeavesItAsItIs() {
        var settings = new ViewSettings();
        settings.reducedMotion().set(true);
        settings.restore(Map.of());
        settings.restore(Map.of("motion", "sideways"));
        assertThat(settings.reducedMotion().get()).isTrue();
    }
}
