-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "AssignmentStatus" AS ENUM ('open', 'received', 'failed', 'late', 'replaced', 'cancelled');

-- CreateEnum
CREATE TYPE "StageKind" AS ENUM ('probe', 'train');

-- CreateEnum
CREATE TYPE "ByteKind" AS ENUM ('model', 'factors', 'coordinates', 'update', 'control', 'retry');

-- CreateTable
CREATE TABLE "Term" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "value" INTEGER NOT NULL,

    CONSTRAINT "Term_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Run" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "phase" TEXT NOT NULL,
    "record" JSON NOT NULL,
    "state" JSON NOT NULL,
    "seq" INTEGER NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "startedAt" TIMESTAMPTZ(3),
    "finishedAt" TIMESTAMPTZ(3),
    "adapterHash" TEXT,

    CONSTRAINT "Run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Event" (
    "runId" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "data" JSON NOT NULL,
    "head" TEXT NOT NULL,

    CONSTRAINT "Event_pkey" PRIMARY KEY ("runId","seq")
);

-- CreateTable
CREATE TABLE "Client" (
    "id" TEXT NOT NULL,
    "secretHash" TEXT NOT NULL,
    "device" TEXT NOT NULL,
    "software" TEXT NOT NULL,
    "examples" BIGINT NOT NULL,
    "firstSeenAt" TIMESTAMPTZ(3) NOT NULL,
    "lastSeenAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Client_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Round" (
    "runId" TEXT NOT NULL,
    "kind" "StageKind" NOT NULL,
    "index" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "closedAt" TIMESTAMPTZ(3),
    "committedAt" TIMESTAMPTZ(3),
    "gridExponents" INTEGER[],
    "coordinatesHash" TEXT,
    "updateNorm" DOUBLE PRECISION,

    CONSTRAINT "Round_pkey" PRIMARY KEY ("runId","kind","index")
);

-- CreateTable
CREATE TABLE "Assignment" (
    "id" TEXT NOT NULL,
    "runId" TEXT NOT NULL,
    "kind" "StageKind" NOT NULL,
    "index" INTEGER NOT NULL,
    "clientId" TEXT NOT NULL,
    "status" "AssignmentStatus" NOT NULL,
    "weight" BIGINT NOT NULL,
    "assignedAt" TIMESTAMPTZ(3) NOT NULL,
    "receivedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Assignment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Update" (
    "assignmentId" TEXT NOT NULL,
    "runId" TEXT NOT NULL,
    "kind" "StageKind" NOT NULL,
    "index" INTEGER NOT NULL,
    "clientId" TEXT NOT NULL,
    "weight" BIGINT NOT NULL,
    "codec" JSON NOT NULL,
    "length" INTEGER NOT NULL,
    "hash" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "kept" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "Update_pkey" PRIMARY KEY ("assignmentId")
);

-- CreateTable
CREATE TABLE "UpdateChunk" (
    "assignmentId" TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "UpdateChunk_pkey" PRIMARY KEY ("assignmentId","index")
);

-- CreateTable
CREATE TABLE "AdapterVersion" (
    "runId" TEXT NOT NULL,
    "round" INTEGER NOT NULL,
    "coordinatesHash" TEXT NOT NULL,
    "factorsHash" TEXT NOT NULL,
    "updateNorm" DOUBLE PRECISION NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "evaluatedAt" TIMESTAMPTZ(3),

    CONSTRAINT "AdapterVersion_pkey" PRIMARY KEY ("runId","round")
);

-- CreateTable
CREATE TABLE "Metric" (
    "runId" TEXT NOT NULL,
    "round" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "clientId" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Metric_pkey" PRIMARY KEY ("runId","round","name","clientId")
);

-- CreateTable
CREATE TABLE "LedgerLine" (
    "runId" TEXT NOT NULL,
    "round" INTEGER NOT NULL,
    "pass" INTEGER NOT NULL,
    "clientId" TEXT NOT NULL,
    "kind" "ByteKind" NOT NULL,
    "term" INTEGER NOT NULL,
    "page" INTEGER NOT NULL,
    "uploadBytes" BIGINT NOT NULL,
    "downloadBytes" BIGINT NOT NULL,

    CONSTRAINT "LedgerLine_pkey" PRIMARY KEY ("runId","round","pass","clientId","kind","term","page")
);

-- CreateTable
CREATE TABLE "Blob" (
    "hash" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "complete" BOOLEAN NOT NULL,
    "touchedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Blob_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "RunBlob" (
    "runId" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "RunBlob_pkey" PRIMARY KEY ("runId","hash")
);

-- CreateTable
CREATE TABLE "BlobChunk" (
    "hash" TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "BlobChunk_pkey" PRIMARY KEY ("hash","index")
);

-- CreateIndex
CREATE INDEX "Run_createdAt_idx" ON "Run"("createdAt");

-- CreateIndex
CREATE INDEX "Assignment_runId_kind_index_idx" ON "Assignment"("runId", "kind", "index");

-- CreateIndex
CREATE INDEX "Assignment_status_idx" ON "Assignment"("status");

-- CreateIndex
CREATE INDEX "Update_runId_kind_index_idx" ON "Update"("runId", "kind", "index");

-- CreateIndex
CREATE INDEX "Metric_runId_clientId_name_idx" ON "Metric"("runId", "clientId", "name");

-- CreateIndex
CREATE INDEX "Blob_touchedAt_idx" ON "Blob"("touchedAt");

-- CreateIndex
CREATE INDEX "RunBlob_hash_idx" ON "RunBlob"("hash");

-- AddForeignKey
ALTER TABLE "Event" ADD CONSTRAINT "Event_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Round" ADD CONSTRAINT "Round_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Assignment" ADD CONSTRAINT "Assignment_runId_kind_index_fkey" FOREIGN KEY ("runId", "kind", "index") REFERENCES "Round"("runId", "kind", "index") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Update" ADD CONSTRAINT "Update_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Update" ADD CONSTRAINT "Update_assignmentId_fkey" FOREIGN KEY ("assignmentId") REFERENCES "Assignment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "UpdateChunk" ADD CONSTRAINT "UpdateChunk_assignmentId_fkey" FOREIGN KEY ("assignmentId") REFERENCES "Update"("assignmentId") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AdapterVersion" ADD CONSTRAINT "AdapterVersion_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Metric" ADD CONSTRAINT "Metric_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RunBlob" ADD CONSTRAINT "RunBlob_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RunBlob" ADD CONSTRAINT "RunBlob_hash_fkey" FOREIGN KEY ("hash") REFERENCES "Blob"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "BlobChunk" ADD CONSTRAINT "BlobChunk_hash_fkey" FOREIGN KEY ("hash") REFERENCES "Blob"("hash") ON DELETE CASCADE ON UPDATE CASCADE;
