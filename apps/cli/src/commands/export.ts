import { EXPORT_FORMATS, type ExportFormat } from '@tessera/runs'
import type { Command } from 'commander'
import { Option } from 'commander'
import { contextOf } from '../context.ts'
import { exportRun } from '../export-run.ts'
import { unlessInterrupted } from '../interrupt.ts'

interface ExportOptions {
  readonly format: ExportFormat
  readonly out: string
  readonly model?: string
}

const FORMATS = 'peft: a LoRA adapter; merged: a whole model; auto: peft where the rank allows, else merged'

export function exportCommand(program: Command): void {
  program
    .command('export')
    .argument('<run>')
    .description("Write a run's adapter as a folder that other tools load, and say how exact it is.")
    .addOption(new Option('--format <format>', FORMATS).choices(EXPORT_FORMATS).default('auto'))
    .option('--model <dir>', "the run's base model, where the export takes it (default: the coordinator's)")
    .requiredOption('--out <dir>', 'folder to write; it is made, and replaced only when the export is whole')
    .action(async (run: string, options: ExportOptions, command: Command) => {
      const { terminal, api } = contextOf(command)
      const client = await api()
      const exported = await unlessInterrupted((signal) => exportRun(client, { runId: run, ...options, signal }))
      terminal.data(exported)
      const { adapterDir, format, rank, round, reason, exactness } = exported
      const form = format === 'peft' ? `PEFT LoRA, rank ${rank}` : 'a whole model with merged weights'
      terminal.show(`${adapterDir}: ${form} (${reason}), after round ${round}`)
      if (exactness !== null) {
        const { maxDifference, relative } = exactness
        const gap = `${maxDifference.toExponential(2)} (relative ${relative.toExponential(2)})`
        terminal.show(`exactness: max |ΔW − lora_B·lora_A| = ${gap}`)
      }
      terminal.show(`hash: ${exported.adapterHash}`)
    })
}
