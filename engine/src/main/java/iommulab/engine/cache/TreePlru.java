package iommulab.engine.cache;

/// Tree pseudo-LRU: one bit per inner node of a binary tree over the ways of a set. Each bit points to
/// the half that was used longer ago; a use turns the bits on its path away from itself.
final class TreePlru {
    /*
     *             node 1                 bit n of the word belongs to node n,
     *           /        \               children of n are 2n and 2n + 1,
     *       node 2      node 3           way w is the leaf ways + w;
     *       /    \      /    \           bit 0: the victim is to the left
     *     way 0 way 1 way 2 way 3        (64 ways: nodes 1 to 63, one word)
     */
    private TreePlru() {}

    /// The bits after a use of `way`.
    static long touched(long tree, int ways, int way) {
        long bits = tree;
        for (int node = ways + way; node > 1; node >>>= 1) {
            long parent = 1L << (node >>> 1);
            bits = (node & 1) == 0 ? bits | parent : bits & ~parent;
        }
        return bits;
    }

    /// A line is used, lines of each set counted one after the other.
    static void touch(long[] trees, int ways, int line) {
        int set = line / ways;
        trees[set] = touched(trees[set], ways, line % ways);
    }

    /// The way that the bits point to.
    static int victim(long tree, int ways) {
        int node = 1;
        while (node < ways) {
            node = node << 1 | (int) (tree >>> node & 1);
        }
        return node - ways;
    }

    /// 0 for the way that every bit points away from, `ways - 1` for the victim; all ways differ.
    static int age(long tree, int ways, int way) {
        int age = 0;
        int weight = 1;
        for (int node = ways + way; node > 1; node >>>= 1) {
            if ((tree >>> (node >>> 1) & 1) == (node & 1)) {
                age += weight;
            }
            weight <<= 1;
        }
        return age;
    }
}
