/// Holding the engine against what real kernels, real hardware and reference models answered.
package iommulab.engine.io.oracle;
