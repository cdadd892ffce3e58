package iommulab.engine.cache;

import static iommulab.engine.cache.SetAssociativeCache.STAMP;
import static iommulab.engine.cache.SetAssociativeCache.STRIDE;

/// What somebody who looks at the lines of a [SetAssociativeCache] sees of their order.
final class LineOrder {
    private LineOrder() {}

    /// Place of a line among the filled lines of its set by their stamps, youngest 0.
    static int ageByStamp(long[] lines, int ways, int line) {
        int first = line / ways * ways;
        long own = lines[line * STRIDE + STAMP];
        int age = 0;
        for (int other = first; other < first + ways; other++) {
            if (lines[other * STRIDE] != 0 && lines[other * STRIDE + STAMP] > own) {
                age++;
            }
        }
        return age;
    }

    /// As [#ageByStamp], by the tree of its set.
    static int ageByTree(long[] lines, long[] trees, int ways, int line) {
        long tree = trees[line / ways];
        int own = TreePlru.age(tree, ways, line % ways);
        int age = 0;
        for (int way = 0; way < ways; way++) {
            int other = line / ways * ways + way;
            if (lines[other * STRIDE] != 0 && TreePlru.age(tree, ways, way) < own) {
                age++;
            }
        }
        return age;
    }

    /// The line that has a stamp, -1 if none has it or it is that of an empty line.
    static int stampedAt(long stamp, long[] lines, int count) {
        for (int line = 0; line < count; line++) {
            if (lines[line * STRIDE + STAMP] == stamp && stamp != 0) {
                return line;
            }
        }
        return -1;
    }

    static int hash(long[] lines, int words) {
        int hash = 1;
        for (int word = 0; word < words; word++) {
            hash = hash * 31 + Long.hashCode(lines[word]);
        }
        return hash;
    }
}
