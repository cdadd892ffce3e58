package iommulab.app.memory;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.session.FrameView.Place;

import org.junit.jupiter.api.Test;

import java.util.List;

/// Structures below those that point to them.
class PlaceTreeModelTest {
    @Test
    void aTableHangsBelowTheTableWithItsPointer() {
        var root = new Place("dmar0", "root table", 0x1000, 4096, -1);
        var context = new Place("dmar0", "context table", 0x2000, 4096, 0x1030);
        var queue = new Place("dmar0", "queue", 0x7000, 4096, -1);
        var other = new Place("dmar1", "root table", 0x9000, 4096, -1);
        var model = PlaceTreeModel.of(List.of(root, context, queue, other));
        assertThat(model.units())
                .extracting(PlaceTreeModel.Unit::name)
                .containsExactly("dmar0", "dmar1");
        var roots = model.units().getFirst().roots();
        assertThat(roots).extracting(PlaceTreeModel.Node::place).containsExactly(root, queue);
        assertThat(roots.getFirst().below())
                .extracting(PlaceTreeModel.Node::place)
                .containsExactly(context);
    }
}
