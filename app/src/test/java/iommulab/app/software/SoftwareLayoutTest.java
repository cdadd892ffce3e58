package iommulab.app.software;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.software.SoftwareLayout.Placed;
import iommulab.app.software.SoftwareModel.Box;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import java.util.ArrayList;
import java.util.List;

class SoftwareLayoutTest {
    /// Boxes of the ranks that numbers stand for; objects stand in one of two IOMMUFDs.
    private static SoftwareModel model(List<Integer> ranks) {
        var boxes = new ArrayList<Box>();
        boxes.add(box("iommufd1", "", Rank.IOMMUFD));
        boxes.add(box("iommufd2", "", Rank.IOMMUFD));
        for (int number : ranks) {
            var rank = Rank.values()[number];
            var within = rank.isInside() ? "iommufd" + (1 + boxes.size() % 2) : "";
            boxes.add(box("box" + boxes.size(), within, rank));
        }
        return new SoftwareModel("", "", boxes, List.of());
    }

    private static Box box(String key, String within, Rank rank) {
        return new Box(key, within, rank, key, "", 1, 0, false);
    }

    private static boolean overlap(Placed a, Placed b) {
        return a.x() < b.right()
                && b.x() < a.right()
                && a.y() < b.y() + b.height()
                && b.y() < a.y() + a.height();
    }

    private static boolean contains(Placed outer, Placed inner) {
        return outer.x() <= inner.x()
                && inner.right() <= outer.right()
                && outer.y() <= inner.y()
                && inner.y() + inner.height() <= outer.y() + outer.height();
    }

    @Property(tries = 200)
    void boxesOverlapOnlyWhatTheyStandIn(
            @ForAll @Size(max = 60) List<@IntRange(max = 10) Integer> ranks,
            @ForAll @IntRange(min = 500, max = 2000) int width,
            @ForAll boolean onWall) {
        var layout = SoftwareLayout.of(model(ranks), width, onWall);
        for (var a : layout.placed()) {
            for (var b : layout.placed()) {
                if (a != b && overlap(a, b)) {
                    assertThat(contains(a, b) || contains(b, a)).as(a + " and " + b).isTrue();
                }
            }
        }
    }

    /// 1280 pixels at the text size of a wall.
    @Property(tries = 100)
    void onAWallEveryColumnIsInTheWindow(
            @ForAll @Size(max = 60) List<@IntRange(max = 10) Integer> ranks) {
        var layout = SoftwareLayout.of(model(ranks), Math.floor(1280 / 2.45), true);
        assertThat(layout.width()).isLessThanOrEqualTo(1280 / 2.45);
    }

    @Property(tries = 100)
    void everyBoxHasItsPlace(@ForAll @Size(max = 60) List<@IntRange(max = 10) Integer> ranks) {
        var model = model(ranks);
        var layout = SoftwareLayout.of(model, 868, false);
        assertThat(layout.placed()).hasSameSizeAs(model.boxes());
        assertThat(layout.placed())
                .allMatch(
                        p -> p.right() <= layout.width() && p.y() + p.height() <= layout.height());
    }
}
