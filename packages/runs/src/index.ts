export {
  AssignmentRunner,
  gatherMaterials,
  type Materials,
  type Outcome,
  type Work,
  type WorkProgress,
  type Workplace,
} from './assignment-runner.ts'
export { baseWeights } from './base-weights.ts'
export {
  createEvaluator,
  type EvaluationReports,
  type EvaluationResult,
  type EvaluationSubject,
  type Evaluator,
} from './evaluate-adapter.ts'
export {
  chooseFormat,
  EXPORT_FORMATS,
  type ExportedFolder,
  type ExportFormat,
  type ExportOptions,
  exportAdapter,
  type ModelFolder,
  type StoredAdapter,
} from './export-adapter.ts'
export { hasLoraPair, type LoraPair, loraPair } from './lora-pair.ts'
export { exportMerged, type MergedModel, type MergeSource } from './merged-export.ts'
export { importMerged } from './merged-import.ts'
export { type DoneWork, packWork } from './pack-work.ts'
export { type ExportExactness, type ExportSource, exportPeft, type PeftAdapter } from './peft-export.ts'
export { type FrozenAdapter, importPeft, type PeftFiles } from './peft-import.ts'
export { chooseSites, createRunRecord, type NewRun } from './run-record.ts'
export { parseRunSpec, type RunSpec, runSpec } from './run-spec.ts'
export { type SentUpdate, type Simulation, type SimulationResult, simulate } from './simulate.ts'
export { createWorkbench, type WorkbenchTools } from './workbench.ts'
